"""How many threads the libraries below may start."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from threadpoolctl import threadpool_limits

_Asked = ParamSpec("_Asked")
_Answer = TypeVar("_Answer")


def one_blas_thread(work: Callable[_Asked, _Answer]) -> Callable[_Asked, _Answer]:
    """Let matrices be multiplied by the thread that asks, and no other, while something works.

    Matrices here are small. Where each product is shared out among all processors these wait for
    each other more than they multiply: two hours and a half of sound took 30 CPU s in place of 9.
    """

    @wraps(work)
    def alone(*args: _Asked.args, **kwargs: _Asked.kwargs) -> _Answer:
        with threadpool_limits(limits=1, user_api="blas"):
            return work(*args, **kwargs)

    return alone
