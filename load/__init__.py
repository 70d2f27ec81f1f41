"""The latency verdict: a plan of calls, a driver that keeps to it, a recording, and what may be concluded from it.

Only `driver.py` and `locustfile.py` import Locust, and they run in a process of their own.
"""
