"""The recorder's jobs: in order, and of a stopped sweep what was interrupted first."""

from __future__ import annotations

from hpsearch.tracking.recording.job_queue import Job, JobQueue


def job(number, **marks):
    return Job(lambda: None, number, **marks)


def taken(jobs):
    return list(iter(jobs.take, None))


JOBS = [job(0), job(1), job(0, delivers=True), job(2), job(1), job(1, interrupts=True), job(3, delivers=True)]


def filled(stopped):
    jobs = JobQueue(lambda: stopped)
    for one in JOBS:
        jobs.put(one)
    return jobs


def test_jobs_are_taken_in_their_order_and_the_queue_ends():
    jobs = filled(stopped=False)
    jobs.close()
    jobs.close()
    assert taken(jobs) == JOBS


def test_of_a_stopped_sweep_everything_of_the_interrupted_trials_comes_first_in_its_order():
    jobs = filled(stopped=True)
    jobs.close()
    assert jobs.take() is JOBS[1] and jobs.size == 6
    assert taken(jobs) == [JOBS[4], JOBS[5], JOBS[0], JOBS[2], JOBS[3], JOBS[6]]


def test_before_it_is_closed_a_stopped_sweep_s_queue_keeps_its_order_because_more_may_come():
    jobs = filled(stopped=True)
    assert jobs.take() is JOBS[0]


def test_a_stop_that_comes_while_the_rest_is_written_puts_what_is_left_in_order():
    stopped = []
    jobs = JobQueue(lambda: bool(stopped))
    for one in JOBS:
        jobs.put(one)
    jobs.close()
    assert jobs.take() is JOBS[0]
    stopped.append(True)
    assert jobs.take() is JOBS[1] and jobs.take() is JOBS[4]
