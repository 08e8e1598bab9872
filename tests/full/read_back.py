"""Reads one run back through the stock client's own methods and prints it as JSON; bytes are base64.

    python read_back.py RUN FOLDER        (files are downloaded into FOLDER)
"""

import base64
import json
import sys
from pathlib import Path

from matyan_client import Run
from matyan_client.repo import Repo
from matyan_client.transport.http import HttpTransport

run_hash, folder = sys.argv[1], Path(sys.argv[2])
repo = Repo()
run = Run(run_hash=run_hash, read_only=True)
http: HttpTransport = run._http
this = f'run.hash == "{run_hash}"'


def blobs(kind: str, found: list[dict]) -> dict[str, str]:
    """Every picture or sound of the answers, by sequence, step and place."""
    uris = {
        f"{trace['name']}/{trace['iters'][at]}/{place}": item["blob_uri"]
        for answer in found
        for trace in answer["traces"].values()
        for at, items in trace["values"].items()
        for place, item in items.items()
    }
    fetched = http.get_blob_batch(kind, list(uris.values()))
    return {key: fetched[uri] for key, uri in uris.items()}


images, audios = repo.query_images(this), repo.query_audios(this)
traces = [{"name": metric["name"], "context": metric["context"]} for metric in run.metrics()]
first = run.artifacts[0]["path"]
run.download_artifact(first, folder / "one")
unpacked = run.download_artifacts(folder / "all")
count, records = http.get_run_log_records(run_hash, record_range="0:")
answer = {
    "props": run.props,
    "tags": run.tags,
    "params": {key: run[key] for key in ("hparams", "data", "result")},
    "lr": run["hparams.lr"],
    "absent": run.get("hparams.nothing", "absent"),
    "metrics": run.metrics(),
    "one_metric": run.get_metric("accuracy", {"subset": "val"}),
    "metrics_info": [[name, context] for name, context, _ in run.iter_metrics_info()],
    "sequences": run.collect_sequence_info(),
    "some_sequences": sorted(run.collect_sequence_info(("images", "texts"))),
    "series": http.get_run_metric_batch(run_hash, traces, record_density=50_000),
    "lines": http.get_run_logs(run_hash, record_range="0:"),
    "record_count": count,
    "records": records,
    "images": blobs("images", images),
    "audios": blobs("audios", audios),
    "texts": repo.query_texts(this),
    "distributions": repo.query_distributions(this),
    "figures": repo.query_figure_objects(this),
    "metric_search": repo.query_metrics(f'{this} and metric.name == "accuracy"'),
    "artifacts": run.artifacts,
    "first": [first, (folder / "one").read_bytes(), run.get_artifact(first)],
    "unpacked": {str(path.relative_to(folder / "all")): path.read_bytes() for path in unpacked},
    "repo": {
        "exists": repo.run_exists(run_hash),
        "ghost": repo.run_exists("0" * 32),
        "all": repo.list_all_runs(),
        "active": repo.list_active_runs(),
        "count": repo.total_runs_count(),
        "iterated": [each.hash for each in repo.iter_runs()],
        "by_lr": [found["hash"] for found in repo.query_runs("run.hparams.lr == 0.01")],
        "by_tag": [found["hash"] for found in repo.query_runs('"example" in run.tags and run.experiment == "digits"')],
        "by_metric": [found["hash"] for found in repo.query_runs('run.metrics["accuracy"].last > 0.5')],
        "by_nothing": repo.query_runs("run.hparams.lr > 1"),
        "pages": [[found["hash"] for found in page] for page in repo.query_runs("", paginated=True, limit=1)],
        "params": repo.collect_params_info()[run_hash]["hparams"],
        "sequences": sorted(repo.collect_sequence_info(("metric", "images"))[run_hash]),
        "experiments": http.list_experiments(),
        "tags": http.list_tags(),
        "project": http.get_project_info(),
        "version": http.get_version(),
    },
}
json.dump(answer, sys.stdout, default=lambda raw: base64.b64encode(raw).decode(), allow_nan=False)
