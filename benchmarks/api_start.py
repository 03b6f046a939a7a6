"""How soon a start answers, and how much memory an idle server holds."""

import statistics
import time

from api_eva import serving
from api_processes import MB, tree
from api_report import Row, Verdict
from api_setting import Setting

SECONDS, RESIDENT_MB = 1.5, 150.0
_SETTLE_S = 2.0


def measure(setting: Setting) -> Row:
    root, times, memory = setting.folder("start"), [], []
    with serving(root) as eva:
        first = eva.server.ready_after
    for _ in range(setting.pick(quick=3, usual=7)):
        setting.quiet()
        with serving(root) as eva:
            times.append(eva.server.ready_after)
            time.sleep(_SETTLE_S)
            memory.append((*eva.server.resident(), len(tree(eva.server.pid))))
            setting.say(f"  /livez after {times[-1]:.2f} s")
    whole, once, processes = max(memory)
    median = statistics.median(times)
    note = f"median of {len(times)}; {min(times):.2f} to {max(times):.2f}"
    return Row(
        "Start and idle memory",
        [
            Verdict(
                "`eva serve` to the first 200 of /livez, warm", median, SECONDS, " s", note=note
            ),
            Verdict("resident memory of the process tree, idle", whole / MB, RESIDENT_MB, " MB"),
        ],
        [
            {
                "first start s": first,
                "warm start s": median,
                "processes": processes,
                "RSS MB": whole / MB,
                "PSS MB": once / MB,
            }
        ],
        ["RSS counts a page once for each process that shares it, PSS once; the target is on RSS."],
    )
