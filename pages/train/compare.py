"""Two versions of a model on the same pairs, which neither has trained on."""

import streamlit as st

from ontos.kernel.caller import Caller
from ontos.train.comparisons import CLEAR, Comparison, Difference, compare_versions
from ontos.train.training_jobs import TrainingJob, list_training_jobs
from pages.clock import when
from pages.data.words import escaped
from pages.frame import attempt, empty, go, loaded, param
from pages.tables import rows_of
from pages.train.figures import changes
from pages.words import many

MODEL = "compare-model"
TITLES = {
    "accuracy": "Right answers", "macro_f1": "Macro F1", "exact_match": "Exact matches",
    "token_f1": "Word overlap",
}  # fmt: skip


def draw(caller: Caller) -> None:
    jobs = loaded(lambda: list_training_jobs(caller, status="succeeded", limit=500)).items
    models: dict[str, list[TrainingJob]] = {}
    for job in jobs:
        models.setdefault(str(job.uc_model_name), []).append(job)
    several = [name for name, versions in models.items() if len(versions) > 1]
    if not several:
        empty(
            "Nothing to compare yet",
            "A comparison needs two versions of a model. Train the same model name again, after "
            "more pairs were approved or with other settings.",
            "Train a model", ("train", "new"),
        )  # fmt: skip
        return
    chosen = _choose(several, models)
    if chosen is None:
        return
    if st.button("Compare", type="primary", icon=":material/compare_arrows:"):
        with st.spinner("Asking both versions the same pairs"):
            found = attempt(compare_versions, caller, *chosen)
        st.session_state["comparison"] = found
    found = st.session_state.get("comparison")
    if found and (found.model_name, found.version_a, found.version_b) == chosen:
        _result(found)


def _choose(
    several: list[str], models: dict[str, list[TrainingJob]]
) -> tuple[str, str, str] | None:
    """Model, former and newer version: those of the address, else the two newest."""
    wanted = param("model")
    row = st.container(horizontal=True)
    st.session_state[MODEL] = wanted if wanted in several else several[0]
    model = row.selectbox("Model", several, key=MODEL, width=300, on_change=_other_model)
    by_version = {str(job.uc_model_version): job for job in models[model]}
    versions = list(by_version)

    def title(version: str) -> str:
        job = by_version[version]
        accuracy = job.metrics.get("val_accuracy")
        good = f", {accuracy:.1%}" if accuracy is not None else ""
        return f"v{version} · {when(job.created_at)}{good}"

    def choose(name: str, at: int) -> str:
        asked, key = param(name.lower()), f"compare-{name}-{model}"
        st.session_state[key] = asked if asked in versions else versions[at]
        return str(row.selectbox(name, versions, format_func=title, width=300, key=key,
                                 on_change=_to_address, args=(name.lower(), key)))  # fmt: skip

    a, b = choose("From", 1), choose("To", 0)
    if a == b:
        st.caption("Choose two different versions.")
        return None
    return model, a, b


def _to_address(name: str, state: str) -> None:
    """The address decides, so that a reload keeps the choice and Back undoes it."""
    st.query_params[name] = st.session_state[state]


def _other_model() -> None:
    """It has versions of its own."""
    kept = {name: st.query_params[name] for name in st.query_params if name not in ("from", "to")}
    st.query_params.from_dict(kept | {"model": st.session_state[MODEL]})


def _result(found: Comparison) -> None:
    st.caption(
        f"Both were asked {found.examples:,} of the {found.validation_pairs:,} validation pairs of "
        "the newer version: those that neither of them has trained on."
    )
    st.markdown(_verdict(found))
    with st.container(horizontal=True):
        for name, difference in found.metrics.items():
            _figure(TITLES.get(name, name), difference, share=name in ("accuracy", "exact_match"),
                    clear=found.better is not None)  # fmt: skip
        st.metric("Became right", f"{found.improved:,}", border=True, width=168)
        st.metric("Became wrong", f"{found.worsened:,}", border=True, width=168)
    if found.per_label:
        st.subheader("By label", anchor=False)
        changes(found.per_label, clear=found.better is not None)
        with st.expander("All labels"):
            _labels(found)
    version = found.better or found.version_b
    if st.button(f"Deploy v{version}", icon=":material/rocket_launch:",
                 type="primary" if found.better else "secondary"):  # fmt: skip
        go("deploy", "endpoints", new=1, model=found.model_name, version=version)


def _verdict(found: Comparison) -> str:
    """Which one is better, or that this cannot be told, by a rule that is said."""
    changed = found.improved + found.worsened
    if not changed:
        return "**No difference.** Both are right on the same pairs, and wrong on the same."
    leads = f"**v{escaped(found.better)} is better.**" if found.better else (
        "**No clear difference.**"
    )  # fmt: skip
    rule = f"a difference is clear where that is below {CLEAR:.0%}"
    return (
        f"{leads} {many(changed, 'pair')} changed: {found.improved:,} became right, "
        f"{found.worsened:,} wrong. Were both equally good, chance alone would split them at least "
        f"so unevenly in {_chance(found.chance)} of such comparisons; {rule}."
    )


def _chance(share: float) -> str:
    return "less than 0.1%" if share < 0.001 else f"{share:.0%}" if share >= 0.1 else f"{share:.1%}"


def _figure(title: str, difference: Difference, *, share: bool, clear: bool) -> None:
    if difference.b is None:
        return
    form = ".1%" if share else ".3f"
    delta = f"{difference.delta:+{form}}" if difference.delta is not None else None
    flat = not (clear and difference.delta)
    st.metric(title, f"{difference.b:{form}}", delta, border=True, width=168,
              delta_color="off" if flat else "normal",
              delta_arrow="off" if flat else "auto")  # fmt: skip


def _labels(found: Comparison) -> None:
    share = {"min_value": 0.0, "max_value": 1.0, "format": "percent"}
    st.dataframe(
        rows_of([row.model_dump() for row in found.per_label]),
        hide_index=True, key="compare-labels",
        column_order=("label", "support", "a", "b", "delta"),
        column_config={
            "label": "Label", "support": st.column_config.NumberColumn("Pairs", width="small"),
            "a": st.column_config.ProgressColumn(f"v{escaped(found.version_a)}", **share),
            "b": st.column_config.ProgressColumn(f"v{escaped(found.version_b)}", **share),
            "delta": st.column_config.NumberColumn("Change", format="percent", width="small"),
        },
    )  # fmt: skip
