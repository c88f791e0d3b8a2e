"""Files of an evaluation, read back."""

import csv
import io
import json

import numpy as np

from bgnn_studio.core.evaluation import Evaluation, LabelledSet, evaluate
from bgnn_studio.core.evaluation_report import EvaluationReport, as_json, confusion_csv, predictions_csv
from tests.core.test_evaluation import Clouds, Counting, only

SIZES, LABELS = [9, 10, 11, 12], [0, 1, 0, 0]


def evaluated() -> tuple[LabelledSet, Evaluation]:
    data = Clouds(SIZES).labelled(LABELS, clouds=("a, b", 'c"d', "e", "f"))
    return data, only(evaluate([Counting()], data))


def test_predictions_are_one_line_for_each_model_and_cloud() -> None:
    _, row = evaluated()
    lines = list(csv.reader(io.StringIO(predictions_csv([row, row]))))
    assert lines[0] == ["model", "index", "cloud", "true", "predicted", "right", "confidence"]
    assert len(lines) == 1 + 2 * len(SIZES)
    assert lines[1:5] == lines[5:]
    assert lines[1][:6] == ["counting.gguf", "0", "a, b", "cone", "cone", "1"]
    assert lines[3][:6] == ["counting.gguf", "2", "e", "cone", "ring", "0"]
    assert float(lines[1][6]) == np.round(np.e / (np.e + 2), 6)  # logits 1, 0, 0


def test_confusion_has_names_in_its_first_row_and_column() -> None:
    _, row = evaluated()
    lines = list(csv.reader(io.StringIO(confusion_csv(row))))
    assert lines[0][1:] == [line[0] for line in lines[1:]] == ["cone", "cube", "ring"]
    assert [[int(v) for v in line[1:]] for line in lines[1:]] == [[2, 0, 1], [0, 1, 0], [0, 0, 0]]


def test_json_says_what_ran_out_of_how_many() -> None:
    data, row = evaluated()
    found = json.loads(as_json(EvaluationReport([row], data, 99, 3)))
    assert (found["count"], found["count_of_split"], found["threads"], found["labels"]) == (4, 99, 3, LABELS)
    assert found["models"][0]["per_class"] == [2 / 3, 1.0, None]
    assert found["models"][0]["predictions"] == [0, 1, 2, 0]
