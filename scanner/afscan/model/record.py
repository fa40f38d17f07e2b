"""Records: dataclasses that cost little to define.

:func:`record` stands for :func:`dataclasses.dataclass`, takes its ``slots``, ``frozen``, ``kw_only`` and ``eq``, and means the
same to a type checker, to :func:`dataclasses.replace` and to :func:`dataclasses.fields`. The difference is when the work is done:
``dataclass`` writes and compiles the source of ``__init__``, ``__repr__`` and ``__eq__`` for every class, which for the hundred
classes of afscan takes longer than scanning a file, and its module imports ``inspect``, which takes as long as everything else that
a run over one file needs of the standard library. Records share these methods, and tell ``dataclasses`` of their fields when it
asks; making an instance is a microsecond slower.
"""

from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["field", "record", "replace"]

_MISSING = object()

if TYPE_CHECKING:
    from dataclasses import dataclass as record
    from dataclasses import field, replace
else:

    class field:
        """A field with more to it than a default: what :func:`dataclasses.field` is, with what records need of it."""

        __slots__ = ("compare", "default", "default_factory", "kw_only", "name", "repr", "type")

        def __init__(self, *, default=_MISSING, default_factory=_MISSING, repr=True, compare=True):  # noqa: A002 - as there
            self.default, self.default_factory, self.repr, self.compare = default, default_factory, repr, compare

    def record(cls=None, /, *, slots=False, frozen=False, kw_only=False, eq=True):
        """Make a class a record; see the module. ``__post_init__`` is not called and therefore refused."""
        if cls is None:
            return lambda cls: record(cls, slots=slots, frozen=frozen, kw_only=kw_only, eq=eq)
        if hasattr(cls, "__post_init__"):
            raise TypeError(f"{cls.__name__}: a record has no __post_init__")
        cls.__doc__ = cls.__doc__ or cls.__name__  # dataclass would look at the signature for it
        own = _own_fields(cls, kw_only)
        inherited = {name: one for base in cls.__mro__[:0:-1] for name, one in _fields.get(base, {}).items()}
        made = _slotted(cls, own) if slots else cls
        _fields[made] = inherited | own
        shared = {"__init__": _init, "__repr__": _repr, "__dataclass_fields__": _Described()}
        if eq:
            shared |= {"__eq__": _eq, "__hash__": _hash if frozen else None}
        if frozen:
            shared |= {"__setattr__": _refuse, "__delattr__": _refuse, "__setstate__": _restore}
        for name, method in shared.items():
            if name not in cls.__dict__ or (name == "__hash__" and cls.__hash__ is None):
                setattr(made, name, method)
        return made

    def replace(one, /, **changes):
        """What :func:`dataclasses.replace` does, for records: another one with some fields changed."""
        return type(one)(**{name: getattr(one, name) for name in _fields[type(one)]} | changes)


_fields: dict[type, dict[str, Any]] = {}
"""Per record its fields by name, those of its bases first."""


def _own_fields(cls: Any, kw_only: bool) -> dict[str, Any]:
    """The fields that a class itself declares; as class attributes, only plain defaults are left of them."""
    found: dict[str, Any] = {}
    for name, kind in cls.__annotations__.items():
        given = cls.__dict__.get(name, _MISSING)
        one: Any = given if type(given) is field else field(default=given)
        one.name, one.type, one.kw_only = name, kind, kw_only
        if isinstance(one.default, list | dict | set):
            raise TypeError(f"{cls.__name__}: all instances would share the default of {name}")
        if one is given:
            if one.default is _MISSING:
                delattr(cls, name)
            else:
                setattr(cls, name, one.default)
        found[name] = one
    return found


def _slotted(cls: Any, own: dict[str, Any]) -> Any:
    """The class once more, with slots for its own fields: they cannot be added to a class that is there."""
    taken = {name for base in cls.__mro__[1:] for name in base.__dict__.get("__slots__", ())}
    content = {name: value for name, value in cls.__dict__.items() if name not in own and name not in ("__dict__", "__weakref__")}
    content["__slots__"] = tuple(name for name in own if name not in taken)
    made = type(cls)(cls.__name__, cls.__bases__, content)
    made.__qualname__ = cls.__qualname__
    return made


class _Described:
    """The fields as ``dataclasses`` knows them, made when it asks for them."""

    def __get__(self, _one: object, cls: type) -> dict[str, Any]:
        import dataclasses  # noqa: PLC0415 - see the module

        twin = type(cls.__name__, (), {"__annotations__": {name: one.type for name, one in _fields[cls].items()}})
        for name, one in _fields[cls].items():
            given = {"default": one.default, "default_factory": one.default_factory}
            given = {key: value for key, value in given.items() if value is not _MISSING}
            setattr(twin, name, dataclasses.field(repr=one.repr, compare=one.compare, kw_only=one.kw_only, **given))
        made: Any = dataclasses.dataclass(init=False, repr=False, eq=False)(twin)
        cls.__dataclass_fields__ = made.__dataclass_fields__  # type: ignore[attr-defined]  # it is not asked again
        described: dict[str, Any] = made.__dataclass_fields__
        return described


_Plan = tuple[tuple[str, ...], tuple[tuple[str, Any, Any], ...]]

_plans: dict[type, _Plan] = {}
"""Per class: the fields that may be given by position; and for each field its name, default and default factory."""

_set = object.__setattr__  # also where the record is frozen


def _plan(cls: Any) -> _Plan:
    own = _fields_of(cls)
    plan = tuple(f.name for f in own if not f.kw_only), tuple((f.name, f.default, f.default_factory) for f in own)
    return _plans.setdefault(cls, plan)


def _fields_of(cls: type) -> list[Any]:
    """The fields of the record that a class is, or comes from."""
    return list(next(_fields[base] for base in cls.__mro__ if base in _fields).values())


def _init(self: Any, /, *given: Any, **named: Any) -> None:
    cls = type(self)
    positional, plan = _plans.get(cls) or _plan(cls)
    if given:
        if len(given) > len(positional) or not named.keys().isdisjoint(positional[: len(given)]):
            raise TypeError(f"{cls.__name__}: too many values, or one both by position and by name")
        named.update(zip(positional, given, strict=False))
    for name, default, factory in plan:
        if name in named:
            _set(self, name, named.pop(name))
        elif factory is not _MISSING:
            _set(self, name, factory())
        elif default is not _MISSING:
            _set(self, name, default)
        else:
            raise TypeError(f"{cls.__name__}: {name} is missing")
    if named:
        raise TypeError(f"{cls.__name__}: no field is called {', '.join(named)}")


@recursive_repr()
def _repr(self: Any) -> str:
    return (
        f"{type(self).__qualname__}({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in _fields_of(type(self)) if f.repr)})"
    )


def _compared(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, f.name) for f in _fields_of(type(self)) if f.compare])


def _eq(self: Any, other: object) -> bool:
    return _compared(self) == _compared(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _refuse(self: Any, name: str, *_value: Any) -> None:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - see the module

    raise FrozenInstanceError(f"cannot change field {name!r}")


def _restore(self: Any, state: Any) -> None:
    """Unpickle and copy a frozen record: with slots, the state is a pair of which the second holds the fields."""
    for name, value in (state[1] if isinstance(state, tuple) else state).items():
        _set(self, name, value)
