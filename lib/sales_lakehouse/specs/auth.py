"""How an API knows us. A secret stands here by reference only."""

from __future__ import annotations

import re
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from sales_lakehouse.specs.formats import Part
from sales_lakehouse.specs.tables import Name

_SECRET = "where it is kept; on a laptop {scope: shop, key: token} is the variable SECRET_SHOP_TOKEN"  # noqa: S105 a description


class SecretRef(Part):
    """Where a secret is kept, never the secret."""

    scope: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", description="the secret scope")]
    key: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", description="the name within the scope")]

    @property
    def variable(self) -> str:
        """Return the environment variable that holds it on a laptop."""
        return re.sub("[^A-Z0-9]", "_", f"secret_{self.scope}_{self.key}".upper())


class NoAuth(Part):
    """Anybody may ask."""

    kind: Annotated[Literal["none"], Field(description="nothing")]


class BasicAuth(Part):
    """User and password in the header Authorization."""

    kind: Annotated[Literal["basic"], Field(description="user and password")]
    user: Annotated[SecretRef, Field(description=_SECRET)]
    password: Annotated[SecretRef, Field(description=_SECRET)]


class BearerAuth(Part):
    """A token in the header Authorization."""

    kind: Annotated[Literal["bearer"], Field(description="bearer token")]
    token: Annotated[SecretRef, Field(description=_SECRET)]


class KeyAuth(Part):
    """A key in a header or a query parameter."""

    kind: Annotated[Literal["key"], Field(description="API key")]
    key: Annotated[SecretRef, Field(description=_SECRET)]
    place: Annotated[Literal["header", "query"], Field(description="where it goes")] = "header"
    name: Annotated[str, Field(min_length=1, description="name of the header or parameter")] = "X-API-Key"


class OAuth2Auth(Part):
    """OAuth 2.0 client credentials: a token is fetched, and fetched anew before it ends or when it is refused."""

    kind: Annotated[Literal["oauth2"], Field(description="OAuth 2.0 client credentials")]
    connection: Annotated[Name | None, Field(description="base URL of the token endpoint; null: the API's own")] = None
    path: Annotated[str, Field(pattern="^/", description="the token endpoint below it")]
    client_id: Annotated[SecretRef, Field(description=_SECRET)]
    client_secret: Annotated[SecretRef, Field(description=_SECRET)]
    scope: Annotated[str | None, Field(description="what the token shall allow")] = None


def variables_of(auth: Auth) -> list[str]:
    """Return the environment variables that hold the secrets on a laptop."""
    return [value.variable for _, value in auth if isinstance(value, SecretRef)]


Auth: TypeAlias = Annotated[
    NoAuth | BasicAuth | BearerAuth | KeyAuth | OAuth2Auth,
    Field(discriminator="kind"),
]
