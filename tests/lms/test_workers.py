"""Workers: alive while their process is."""

from lms.workers import alive, worker


def test_a_worker_is_alive_while_its_process_is() -> None:
    host, _, token = worker().split(" ")
    assert alive(worker())
    assert not alive(f"{host} 99999999 {token}")
    assert alive(f"{host} 1 {token}")  # a process of somebody else
    assert alive("elsewhere 1 00000000")  # of other machines nothing is known
