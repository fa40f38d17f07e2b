"""Roles and privileges while scripts run. Source: postgresql.org, "Database Roles", "Privileges", "Predefined Roles"."""

from afscan.model.sql import Catalogue, DatabaseGrant, DatabaseRole, GrantStatement, RoleStatement, SqlName
from afscan.model.value import Value

_MOST_ALIKE = 50
"""How many grants of one object to one role a REVOKE looks at."""

_Key = tuple[str, str, bool, bool, str]


class Roles:
    """The roles of a catalogue so far, and what was granted to them."""

    def __init__(self, found: Catalogue, user: Value[str], also: list[str]) -> None:
        self.found = found
        self.known = user.is_set
        self.bootstrap = user.or_else("")
        self.current = self.bootstrap
        self.others = set(also)  # roles that the image creates, of which no more is known
        self._grants: dict[_Key, list[DatabaseGrant]] = {}
        if user.is_set:
            first = self._new(SqlName(kind="role", text=user), None)
            first.bootstrap = True
            first.attributes["SUPERUSER"] = first.attributes["LOGIN"] = Value.of(True, user.node, user.at)

    def _new(self, name: SqlName, made: RoleStatement | None) -> DatabaseRole:
        node = made.node if made is not None else name.text.node
        role = DatabaseRole(
            name=f"role {name.name}",
            node=node,
            platform="sql",
            catalogue=self.found,
            role=name.name,
            attributes={},
            connection_limit=Value.unset(node),
            password=Value.unset(node),
            valid_until=Value.unset(node),
            created=made,
            container=self.found.container,
        )
        self.found.roles[name.name] = role
        return role

    def exists(self, name: str) -> bool | None:
        """Whether there is such a role; None where that is not known."""
        if name in self.found.roles or name in self.others or name.startswith("pg_") or name in ("public", "none"):
            return True
        return False if self.known else None

    def made(self, name: str) -> str:
        """Who has made the role that a statement makes again; "" where nobody has."""
        role = self.found.roles.get(name)
        if role is None:
            return "the image creates it" if name in self.others else ""
        if role.bootstrap:
            return "it is the superuser that the image creates"
        made = role.created
        return f"{made.place.path}, line {made.place.line} creates it" if made is not None and not made.conditional else ""

    def know(self, name: SqlName) -> None:
        """A role is there under a name from now on (RENAME)."""
        if name.text.is_set and name.name not in self.found.roles:
            self.others.add(name.name)

    def drop(self, name: str) -> None:
        """DROP ROLE."""
        self.found.roles.pop(name, None)
        self.others.discard(name)

    def take(self, one: RoleStatement) -> None:
        """CREATE ROLE and ALTER ROLE: the later one wins, attribute by attribute."""
        if not one.role.text.is_set:
            return
        role = self.found.roles.get(one.role.name)
        if role is None:
            if one.verb == "ALTER ROLE":
                return
            role = self._new(one.role, one)
        elif one.verb == "CREATE ROLE" and one.conditional and role.created is not None:
            return
        role.attributes.update(one.attributes)
        for name in ("connection_limit", "password", "valid_until"):
            value = getattr(one, name)
            if not value.is_unset:
                setattr(role, name, value)
        for group in one.member_of:
            role.member_of[group.name] = group
        for member in one.members:
            if member.name in self.found.roles:
                self.found.roles[member.name].member_of[one.role.name] = member

    def grant(self, one: GrantStatement) -> None:
        """GRANT and REVOKE, one grantee after the other."""
        for grantee in one.grantees:
            if one.revoke:
                self._revoke(one, grantee)
            elif one.object_kind == "role":
                for group in one.objects:
                    if grantee.name in self.found.roles:
                        self.found.roles[grantee.name].member_of[group.name] = group
            else:
                self._given(one, grantee)

    def _given(self, one: GrantStatement, grantee: SqlName) -> None:
        given = DatabaseGrant(
            name=f"{one.name} to {grantee.name}",
            node=one.node,
            platform="sql",
            catalogue=self.found,
            statement=one,
            grantee=grantee,
            objects=list(one.objects),
            privileges=list(one.privileges),
            container=self.found.container,
        )
        self.found.grants.append(given)
        for name in one.objects:
            same = self._grants.setdefault(_key(one, grantee, name), [])
            if len(same) < _MOST_ALIKE:
                same.append(given)

    def _revoke(self, one: GrantStatement, grantee: SqlName) -> None:
        if one.object_kind == "role":
            role = self.found.roles.get(grantee.name)
            for group in one.objects:
                if role is not None and not one.grant_option:
                    role.member_of.pop(group.name, None)
            return
        if one.grant_option and not one.privileges:
            return
        taken = {value.or_else("") for value in one.privileges}
        for name in one.objects:
            for given in self._grants.pop(_key(one, grantee, name), []):
                left = [value for value in given.privileges if "ALL" not in taken and value.or_else("") not in taken]
                if left and len(left) < len(given.privileges) and len(given.objects) == 1:
                    given.privileges = left
                if not left:
                    given.objects = [other for other in given.objects if other.full != name.full]
                else:
                    self._grants.setdefault(_key(one, grantee, name), []).append(given)


def _key(one: GrantStatement, grantee: SqlName, name: SqlName) -> _Key:
    return grantee.name, one.object_kind, one.everything, one.defaults, name.full
