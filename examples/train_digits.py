"""Trains a small network on scikit-learn's handwritten digits and logs everything about it.

With the server running (`npm start`):

    pip install -r examples/requirements.txt
    python examples/train_digits.py

MATYAN_BACKEND_URL and MATYAN_FRONTIER_URL tell the client where another server is.
"""

import argparse
import csv
import pickle
import tempfile
import time
from pathlib import Path

import numpy as np
from matyan_client import Run
from matyan_client.objects import Audio, Distribution, Figure, Image, Text
from PIL import Image as Picture
from sklearn.datasets import load_digits
from sklearn.metrics import confusion_matrix, log_loss
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

CLASSES = np.arange(10)


def main() -> None:
    options = read_options()
    digits = load_digits()
    train_x, val_x, train_y, val_y = train_test_split(
        digits.data / 16.0, digits.target, test_size=0.25, random_state=options.seed, stratify=digits.target
    )
    model = MLPClassifier(
        hidden_layer_sizes=(options.hidden,), learning_rate_init=options.lr, random_state=options.seed
    )

    run = Run(run_hash=options.run, experiment="digits", log_system_params=True, system_tracking_interval=0.5)
    run.name = f"mlp {options.hidden}, lr {options.lr:g}"
    run.description = "A network of one hidden layer reads 8×8 pictures of digits."
    run.add_tag("example")
    run.add_tag("scikit-learn")
    run["hparams"] = {
        "lr": options.lr,
        "hidden": [options.hidden],
        "batch_size": options.batch,
        "epochs": options.epochs,
        "seed": options.seed,
        "optimizer": model.solver,
        "shuffle": True,
        "early_stop": None,
    }
    run["data"] = {"name": "digits", "train": len(train_x), "val": len(val_x), "scale": 16.0}
    run.log_info("training begins", samples=len(train_x), features=int(train_x.shape[1]))

    history = []
    order = np.random.default_rng(options.seed)
    step = 0
    for epoch in range(options.epochs):
        begun = time.perf_counter()
        for batch in np.array_split(order.permutation(len(train_x)), len(train_x) // options.batch):
            model.partial_fit(train_x[batch], train_y[batch], classes=CLASSES)
            run.track(model.loss_, name="batch_loss", step=step, epoch=epoch, context={"subset": "train"})
            step += 1
        seconds = time.perf_counter() - begun

        scores = {"epoch": epoch}
        for subset, x, y in (("train", train_x, train_y), ("val", val_x, val_y)):
            loss, accuracy = log_loss(y, model.predict_proba(x), labels=CLASSES), model.score(x, y)
            run.track({"loss": loss, "accuracy": accuracy}, step=epoch, epoch=epoch, context={"subset": subset})
            scores |= {f"{subset}_loss": loss, f"{subset}_accuracy": accuracy}
        run.track(seconds, name="epoch_seconds", step=epoch, epoch=epoch)
        history.append(scores)
        log_objects(run, model, val_x, val_y, epoch, scores["val_accuracy"])
        print(f"epoch {epoch}: loss {scores['val_loss']:.4f}, accuracy {scores['val_accuracy']:.4f}")
        if scores["val_loss"] > scores["train_loss"] * 1.5:
            run.log_warning("the network begins to memorise", epoch=epoch)

    run.track(Figure(curves(history)), name="curves", step=options.epochs - 1)
    run["result"] = {"val_accuracy": history[-1]["val_accuracy"], "parameters": count_parameters(model)}
    log_files(run, model, history)
    run.log_info("training is over", accuracy=history[-1]["val_accuracy"])
    print(f"run {run.hash}")
    run.close()


def log_objects(run: Run, model: MLPClassifier, x: np.ndarray, y: np.ndarray, epoch: int, accuracy: float) -> None:
    """What the network does after one epoch, as a picture, a text, a histogram and a sound."""
    read = model.predict(x)
    counts = confusion_matrix(y, read, labels=CLASSES)
    at = {"step": epoch, "epoch": epoch, "context": {"subset": "val"}}
    run.track(Image(heat_map(counts), caption=f"confusion after epoch {epoch}"), name="confusion", **at)
    wrong = np.flatnonzero(read != y)
    said = "\n".join(f"#{i}: {y[i]} read as {read[i]}" for i in wrong[:10])
    run.track(Text(f"{len(wrong)} of {len(y)} are wrong\n{said}"), name="mistakes", **at)
    for layer, weights in enumerate(model.coefs_):
        run.track(Distribution(weights, bin_count=32), name="weights", step=epoch, context={"layer": layer})
    # The better the network reads, the higher the tone.
    seconds = np.arange(2000) / 8000
    tone = np.sin(2 * np.pi * (220 + 660 * accuracy) * seconds)
    run.track(Audio(tone, rate=8000, caption=f"accuracy {accuracy:.3f}"), name="pitch", **at)


def heat_map(counts: np.ndarray, cell: int = 16) -> Picture.Image:
    """A confusion matrix as a grey picture; rows are what was written, columns what was read."""
    share = counts / counts.sum(axis=1, keepdims=True)
    grey = (255 * (1 - share)).round().astype(np.uint8)
    return Picture.fromarray(np.kron(grey, np.ones((cell, cell), dtype=np.uint8)))


def curves(history: list[dict]) -> dict:
    """The losses of all epochs as a Plotly figure, which is a dictionary and needs no Plotly."""
    epochs = [scores["epoch"] for scores in history]
    lines = [
        {"type": "scatter", "name": subset, "x": epochs, "y": [scores[f"{subset}_loss"] for scores in history]}
        for subset in ("train", "val")
    ]
    return {"data": lines, "layout": {"title": {"text": "Loss by epoch"}, "yaxis": {"type": "log"}}}


def count_parameters(model: MLPClassifier) -> int:
    return int(sum(part.size for part in [*model.coefs_, *model.intercepts_]))


def log_files(run: Run, model: MLPClassifier, history: list[dict]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        model_file = Path(folder) / "model.pickle"
        model_file.write_bytes(pickle.dumps(model))
        run.log_artifact(str(model_file), name="models/digits.pickle")
        report = Path(folder) / "report"
        report.mkdir()
        with (report / "history.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, fieldnames=history[0])
            writer.writeheader()
            writer.writerows(history)
        (report / "résumé.txt").write_text(f"{len(history)} epochs\n", encoding="utf-8")
        run.log_artifacts(str(report), name="report")


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch", type=int, default=32, help="samples of one step")
    parser.add_argument("--hidden", type=int, default=32, help="units of the hidden layer")
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--run", help="the run's hash; a new one is drawn unless given")
    return parser.parse_args()


if __name__ == "__main__":
    main()
