"""What all models of the bundle share: frozen, strict about names, words for what is not run yet."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator
from pydantic_core import PydanticCustomError

from bundle_runner.errors import did_you_mean


def text_of(value: Any) -> Any:
    """Turn a YAML scalar into text as the Databricks CLI does: `1` → "1", `true` → "true"."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return value


Text = Annotated[str, BeforeValidator(text_of)]


class Strict(BaseModel):
    """A mapping of the bundle in which an unknown field is an error.

    Fields named in `later` exist in Lakeflow's job model, but this runner does not execute them yet.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    later: ClassVar[frozenset[str]] = frozenset()

    @model_validator(mode="before")
    @classmethod
    def _refuse_names(cls, value: Any) -> Any:
        for name in value if isinstance(value, dict) else ():
            if name in cls.later:
                raise PydanticCustomError("field", "{name} is not run by this runner yet", {"name": name})
            if name not in cls.model_fields:
                hint = did_you_mean(str(name), cls.model_fields)
                raise PydanticCustomError("field", "{name} is not a known field{hint}", {"name": name, "hint": hint})
        return value
