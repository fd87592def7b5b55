"""The form that starts a sampling: model, prompts, parameters, how many samples that makes, and the equal command."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Final

import streamlit as st

from components.command_line import command_line, show_command, shown_path
from components.format import number
from components.jobs.seen import SeenJob
from components.live_index import live_index
from components.model_field import field_problem, model_choice
from components.palette import domain_name
from components.problem import problems_in_place
from components.roots import allowed_path
from components.setting_form import in_labels, setting_fields
from components.text import N_, _, plural
from curation.errors import InputError, WinnowError
from curation.prompts import list_imports, read_prompts
from curation.prompts.reading import ids_of_imports
from curation.records import Domain, Split
from curation.sampled import prompt_counts
from curation.sampling import SamplingConfig, launch_sampling
from curation.settings import config_from_mapping, config_to_flags, settings_of
from curation.workspace import Workspace

KEY: Final = "sampling"
PARAMETERS: Final = ("n", "max_new_tokens", "temperature", "top_p", "limit", "seed")
RUN: Final = ("engine", "device", "batch_size", "enable_scores")
_SPLITS: Final = {Split.TRAIN.value: N_("To train on"), Split.HELD_OUT.value: N_("Held out"), "all": N_("All")}
_DRAWS: Final = ("model", "adapter", "temperature", "top_p", "max_new_tokens", "seed", "engine")
"""Settings that, where they agree, make two jobs draw the same responses to the same prompts."""
_NEXT_SEED: Final = "sampling-next-seed"


def sampling_form(workspace: Workspace, seen: Sequence[SeenJob]) -> None:
    """Draw the form; its button starts the job and puts it into the address. `seen`: sampling jobs, newest first."""
    start = first_values(seen)
    if _NEXT_SEED in st.session_state:  # the next job draws other samples than the one just started
        st.session_state[f"{KEY}-seed"] = st.session_state.pop(_NEXT_SEED)
        start["seed"] = None  # a field has one first value
    with st.container(border=True, gap="small"):
        st.subheader(_("New sampling"), anchor=False)
        values: dict[str, Any] = {}
        problem = ""
        replays = st.session_state.get(f"{KEY}-engine", start.get("engine")) == "replay"
        if replays:
            values["model"], problem = _responses_file(workspace, start)
        else:
            policy = model_choice(
                workspace, _("Policy"), key=f"{KEY}-model", start=str(start.get("model", "")) or "policy",
                help=_("The model that is sampled: a folder with config.json, tokenizer and safetensors weights."),
            )  # fmt: skip
            values["model"], problem = policy.path, policy.problem
        values |= _prompt_fields(workspace)
        values |= setting_fields(SamplingConfig, PARAMETERS, key=KEY, start=start)
        with st.expander(_("Adapter, engine and device"), icon=":material/memory:", key=f"{KEY}-more"):
            values["adapter"] = None
            if not replays:
                adapter = model_choice(
                    workspace, _("Adapter"), key=f"{KEY}-adapter", is_adapter=True,
                    help=_("A PEFT adapter, merged into the model before it is sampled."),
                )  # fmt: skip
                values["adapter"], problem = adapter.path, problem or adapter.problem
            values |= setting_fields(SamplingConfig, RUN, key=KEY, start=start)
        config = _checked(values, problem)
        _amount(workspace, values)
        if config is not None:
            _repeats(config, seen)
        pressed = st.button(
            _("Start sampling"), type="primary", icon=":material/casino:", key=f"{KEY}-start", disabled=config is None
        )
        show_command(_command(workspace, config), key=KEY)
        if pressed and config is not None:
            _start(workspace, config, seen)


def first_values(seen: Sequence[SeenJob]) -> dict[str, Any]:
    """What the form holds at first: the settings of the latest job with the next seed; nothing where there is none."""
    if not seen:
        return {}
    known = {each.name for each in settings_of(SamplingConfig)}
    try:
        config = config_from_mapping(
            SamplingConfig, {name: value for name, value in seen[0].job.config.items() if name in known}
        )
        config.check()
    except InputError:
        return {}
    values = {field.name: getattr(config, field.name) for field in fields(config)}
    return values | {"seed": config.seed + 1}


def samples_wanted(counts: Mapping[tuple[str, str], int], values: Mapping[str, Any]) -> int:
    """How many prompts the form's values choose of those that there are by (split, domain)."""
    split, domains, limit = values["split"], values["domains"], values["limit"]
    chosen = sum(
        count
        for (of_split, domain), count in counts.items()
        if split in ("all", of_split) and (not domains or domain in domains)
    )
    return chosen if limit is None else max(0, min(chosen, int(limit)))


def _prompt_fields(workspace: Workspace) -> dict[str, Any]:
    split = st.segmented_control(
        _("Prompts"), list(_SPLITS), default=Split.TRAIN.value, required=True, key=f"{KEY}-split",
        format_func=lambda name: _(_SPLITS[name]),
        help=_("Held-out prompts are for evaluation: what is sampled from them is never selected."),
    )  # fmt: skip
    domains = st.pills(
        _("Domains"), [str(domain) for domain in Domain], selection_mode="multi", key=f"{KEY}-domains",
        format_func=domain_name, help=_("None chosen means all."),
    )  # fmt: skip
    return {"split": split or Split.TRAIN.value, "domains": tuple(domains or ()), "imports": _imports(workspace)}


def _imports(workspace: Workspace) -> tuple[str, ...]:
    """Which files the prompts are from; the address may name one (`?import=`), as the way here from an import does."""
    names = [each.name for each in list_imports(workspace)]
    named = st.query_params.get("import")
    if len(names) < 2 and named not in names:
        return ()
    chosen = st.multiselect(
        _("Imports"), names, default=[named] if named in names else [], key=f"{KEY}-imports-{named or ''}",
        placeholder=_("All imports"), help=_("Only prompts of these files; none chosen means all."),
    )  # fmt: skip
    return tuple(chosen)


def _responses_file(workspace: Workspace, start: Mapping[str, Any]) -> tuple[str | None, str]:
    typed = st.text_input(
        _("File of responses"),
        value=str(start["model"]) if start.get("engine") == "replay" else "",
        key=f"{KEY}-file",
        persist_state="session",
        placeholder="responses.parquet",
        help=_("Parquet or JSON Lines: what the replay engine gives back in place of a model."),
    )
    if not typed:
        return None, ""
    try:
        path = allowed_path(workspace, typed)
        if not path.is_file():
            raise InputError(_("{path} is a folder; the replay engine reads a file.").format(path=typed))
    except WinnowError as error:
        field_problem(str(error))
        return None, str(error)
    return str(path), ""


def _checked(values: dict[str, Any], problem: str) -> SamplingConfig | None:
    """The configuration, or None, having said what is wrong (where a field has not said so itself)."""
    if problem or not values["model"]:
        return None
    adapter = values["adapter"]
    try:
        config = config_from_mapping(
            SamplingConfig, values | {"model": str(values["model"]), "adapter": str(adapter) if adapter else None}
        )
        config.check()
    except InputError as error:
        field_problem(in_labels(SamplingConfig, str(error)))
        return None
    return config


def _amount(workspace: Workspace, values: Mapping[str, Any]) -> None:
    live = live_index(workspace)
    live.view(patience_s=0.0)
    imports = values["imports"]
    counts = _counts_of(workspace, imports, _stamp(workspace)) if imports else live.ask(prompt_counts)
    if counts is None:
        st.caption(_("Counting the prompts …"))
        return
    prompts = samples_wanted(counts, values)
    if not prompts and (values["limit"] is None or values["limit"] > 0):  # else the field's own error says it
        st.markdown(f":orange[:material/info:] {_('No prompt fits: choose another group or other domains.')}")
        return
    if not prompts:
        return
    n = int(values["n"] or 0)
    words = plural("**{prompts}** prompt × {n} = **{samples}** samples", "**{prompts}** prompts × {n} = **{samples}** samples", prompts)  # noqa: E501  # fmt: skip
    st.markdown(words.format(prompts=number(prompts), n=number(n), samples=number(prompts * n)))


@st.cache_data(max_entries=16, show_spinner=False)
def _counts_of(
    _workspace: Workspace, imports: tuple[str, ...], stamp: tuple[tuple[str, int], ...]
) -> dict[tuple[str, str], int]:
    """How many prompts some imports hold by (split, domain)."""
    ids = ids_of_imports(_workspace, imports)
    table = read_prompts(_workspace, ids, ["split", "domain"])
    return dict(Counter(zip(table["split"].to_pylist(), table["domain"].to_pylist(), strict=True)))


def _stamp(workspace: Workspace) -> tuple[tuple[str, int], ...]:
    return tuple((str(path), path.stat().st_mtime_ns) for path in sorted(workspace.prompts.glob("*.parquet")))


def _repeats(config: SamplingConfig, seen: Sequence[SeenJob]) -> None:
    """What another job over the same prompts means."""
    if not seen:
        return
    stored = config.to_json()
    twin = next((each for each in seen if all(each.job.config.get(name) == stored[name] for name in _DRAWS)), None)
    if twin is not None:
        st.markdown(
            f":orange[:material/info:] "
            f"{_('An earlier job had the same model, seed and parameters: prompts that both sample get the same responses again. Choose another seed for new ones.')}"  # noqa: E501
        )
    else:
        st.caption(_("A new job adds its candidates to those that are there; it replaces none."))


def _start(workspace: Workspace, config: SamplingConfig, seen: Sequence[SeenJob]) -> None:
    stored = config.to_json()
    with problems_in_place(_("The sampling did not start")):
        # a second click on the button shows what the first one started
        running = next((each.job for each in seen if each.is_active and dict(each.job.config) == stored), None)
        job = running or launch_sampling(workspace, config)
        st.query_params["job"] = job.id
        st.session_state[_NEXT_SEED] = config.seed + 1
        st.rerun()


def _command(workspace: Workspace, config: SamplingConfig | None) -> str:
    if config is None:
        return f"# {_('Shown once the settings above are right.')}"
    adapter = shown_path(config.adapter) if config.adapter else None
    return command_line(
        workspace, "sample", config_to_flags(replace(config, model=shown_path(config.model), adapter=adapter))
    )
