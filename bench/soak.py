"""A node under load for ten minutes: memory, handles and threads have to stay flat: `make bench-soak`.

The load is that of `bench/load.py`; every other second the node process is looked at. What counts as flat stands in
`bench/flatness.py`. `--seconds 60` is a short one.
"""

from __future__ import annotations

import sys

from flatness import Sample, courses, watched
from load import options_parser, rows_of, tell_load
from load_mix import Rates, run_mix
from node_process import node_process
from rows import MISSED, report

SECONDS = 600.0


def main() -> int:
    """Soak, print, and say whether the node stayed flat and alerts in time."""
    options = options_parser(__doc__ or "", SECONDS).parse_args()
    rates = Rates(options.scans, options.copies, options.handovers, options.lots)
    samples: list[Sample] = []
    with node_process(options.database) as node:
        done = run_mix(
            node, rates, options.seconds, meanwhile=lambda: samples.extend(watched(node.pid, options.seconds))
        )
    defect, missed, went = tell_load(done), report(rows_of(done)), courses(samples)
    print(f"\n{len(samples)} samples in {samples[-1].at:.0f} s, the first third is warm-up")
    for course in went:
        print(course.line())
    return defect or (MISSED if missed or not all(course.flat for course in went) else 0)


if __name__ == "__main__":
    sys.exit(main())
