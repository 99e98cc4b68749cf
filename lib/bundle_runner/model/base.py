"""What all models of the bundle share: frozen, strict about names, words for what is not run yet."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from bundle_runner.errors import nearest


def text_of(value: Any) -> Any:
    """Turn a YAML scalar into text as the Databricks CLI does: `1` → "1", `true` → "true"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return value


Text = Annotated[str, BeforeValidator(text_of)]


class Strict(BaseModel):
    """A mapping of the bundle; a field without a value counts as not written.

    Fields named in `later` exist in Lakeflow's job model, but this runner does not execute them yet. An unknown field
    is of type `unknown`, which a reader may leave out as the CLI does; one that is near to a known name is an error,
    unless the mapping `spares` such names: without it the run would be another one than was meant.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    later: ClassVar[frozenset[str]] = frozenset()
    spares: ClassVar[bool] = False

    @model_validator(mode="before")
    @classmethod
    def _refuse_names(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        for name in value:
            if name in cls.later:
                rest = "; --only TASKS runs the others" if str(name).endswith("_task") else ""
                told = {"name": name, "rest": rest}
                raise PydanticCustomError("field", "{name} is not run by this runner yet{rest}", told)
            if name not in cls.model_fields:
                near = nearest(str(name), cls.model_fields)
                kind: Literal["field", "unknown"] = "field" if near and not cls.spares else "unknown"
                hint = f"; did you mean {near}?" if near else ""
                raise PydanticCustomError(kind, "{name} is not a known field{hint}", {"name": name, "hint": hint})
        return {name: item for name, item in value.items() if item is not None}


class Sparing(Strict):
    """A mapping around the jobs, from which the CLI and this runner leave out what they do not know."""

    spares: ClassVar[bool] = True
