"""The matrix of faults, over real sockets."""

import asyncio

import fault_matrix
import pytest


@pytest.mark.slow
@pytest.mark.parametrize("case", fault_matrix.cases(), ids=lambda case: case.name)
def test_each_fault_comes_to_what_it_should_and_costs_no_more(case: fault_matrix.Case) -> None:
    result = asyncio.run(fault_matrix.measure(case))
    assert result.faults(case) == []


def test_a_port_at_which_nobody_listens() -> None:
    result = asyncio.run(fault_matrix.refused_connection())
    assert result.outcome == "Unreachable"
    assert result.lasted < fault_matrix.MAX_LASTED
