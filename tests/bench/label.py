"""Approving 200,000 pairs by filter, and exporting them."""

from ontos.label.exports import export_pairs
from ontos.label.reviews import Review, review_pairs
from tests.bench.figures import assemble, bench, peak_mb, sheet, template, timed, workbench

ROWS = 200_000


def main() -> None:
    with workbench() as opened:
        caller = opened.local_caller()
        made = assemble(caller, sheet(caller, ROWS), template(caller))
        with timed() as approving:
            done = review_pairs(
                caller, made.id, Review(action="approve", where={"review_status": "pending"})
            )
        assert done.changed == ROWS
        before = peak_mb()
        with timed() as exporting:
            lines = sum(c.count("\n") for c in export_pairs(caller, made.id, "openai_chat").chunks)
        assert lines == ROWS
        bench("approve_200k", approving[0], "s", "< 5")
        bench("export_200k", exporting[0], "s", "< 2")
        bench("export_200k_memory_growth", peak_mb() - before, "MB", "flat")


if __name__ == "__main__":
    main()
