"""Matrices are multiplied by the thread that asks."""

from __future__ import annotations

import pytest
from threadpoolctl import threadpool_info

from clapless.pipeline.threads import one_blas_thread


def blas_threads():
    return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]


def test_while_something_works_no_product_is_shared_out():
    before = blas_threads()

    @one_blas_thread
    def work(value, *, more):
        return value + more, blas_threads()

    answer, during = work(1, more=2)
    assert answer == 3
    assert before
    assert set(during) == {1}
    assert blas_threads() == before


def test_an_error_gives_the_threads_back():
    before = blas_threads()

    @one_blas_thread
    def fail():
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()
    assert blas_threads() == before
