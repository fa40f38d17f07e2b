"""Records: dataclasses that cost little to define.

:func:`record` stands for :func:`dataclasses.dataclass`, takes its ``slots``, ``frozen``, ``kw_only`` and ``eq``, and means the
same to a type checker, to :func:`dataclasses.replace` and to :func:`dataclasses.fields`. The difference is when the work is done:
``dataclass`` writes and compiles the source of ``__init__``, ``__repr__`` and ``__eq__`` for every class, which for the hundred
classes of afscan takes longer than scanning a file. Records share these methods; making an instance is a microsecond slower.
"""

from dataclasses import MISSING, FrozenInstanceError, dataclass, field, fields
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

__all__ = ["field", "record"]

if TYPE_CHECKING:
    from dataclasses import dataclass as record
else:

    def record(cls=None, /, *, slots=False, frozen=False, kw_only=False, eq=True):
        """Make a class a record; see the module. ``__post_init__`` is not called and therefore refused."""
        if cls is None:
            return lambda cls: record(cls, slots=slots, frozen=frozen, kw_only=kw_only, eq=eq)
        if hasattr(cls, "__post_init__"):
            raise TypeError(f"{cls.__name__}: a record has no __post_init__")
        cls.__doc__ = cls.__doc__ or cls.__name__  # dataclass would look at the signature for it
        made = dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)
        shared = {"__init__": _init, "__repr__": _repr}
        if eq:
            shared |= {"__eq__": _eq, "__hash__": _hash if frozen else None}
        if frozen:
            shared |= {"__setattr__": _refuse, "__delattr__": _refuse, "__setstate__": _restore}
        for name, method in shared.items():
            if name not in cls.__dict__ or (name == "__hash__" and cls.__hash__ is None):
                setattr(made, name, method)
        return made


_Plan = tuple[tuple[str, ...], tuple[tuple[str, Any, Any], ...]]

_plans: dict[type, _Plan] = {}
"""Per class: the fields that may be given by position; and for each field its name, default and default factory."""

_set = object.__setattr__  # also where the record is frozen


def _plan(cls: Any) -> _Plan:
    own = fields(cls)
    plan = tuple(f.name for f in own if not f.kw_only), tuple((f.name, f.default, f.default_factory) for f in own)
    return _plans.setdefault(cls, plan)


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
        elif factory is not MISSING:
            _set(self, name, factory())
        elif default is not MISSING:
            _set(self, name, default)
        else:
            raise TypeError(f"{cls.__name__}: {name} is missing")
    if named:
        raise TypeError(f"{cls.__name__}: no field is called {', '.join(named)}")


@recursive_repr()
def _repr(self: Any) -> str:
    return f"{type(self).__qualname__}({', '.join(f'{f.name}={getattr(self, f.name)!r}' for f in fields(self) if f.repr)})"


def _compared(self: Any) -> tuple[Any, ...]:
    return tuple([getattr(self, f.name) for f in fields(self) if f.compare])


def _eq(self: Any, other: object) -> bool:
    return _compared(self) == _compared(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(_compared(self))


def _refuse(self: Any, name: str, *_value: Any) -> None:
    raise FrozenInstanceError(f"cannot change field {name!r}")


def _restore(self: Any, state: Any) -> None:
    """Unpickle and copy a frozen record: with slots, the state is a pair of which the second holds the fields."""
    for name, value in (state[1] if isinstance(state, tuple) else state).items():
        _set(self, name, value)
