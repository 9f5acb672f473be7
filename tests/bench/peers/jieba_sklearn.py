"""What most would build: jieba words, tf-idf, linear SVMs for kind, branch and domain, all from Debian's packages.

usage: jieba_sklearn.py TEXTS.tsv LABELS.tsv

Learns from the labelled messages, then classifies all of them, in one batch and one at a time. Prints one JSON object with messages a
second of the processor.
"""
import csv
import json
import logging
import sys
import time

import jieba
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.svm import LinearSVC


def rows(path):
    with open(path, encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle, delimiter="\t", quoting=csv.QUOTE_NONE))


def rate(work, count):
    began = time.process_time()
    work()
    return count / (time.process_time() - began)


def main():
    csv.field_size_limit(1 << 30)
    jieba.setLogLevel(logging.ERROR)
    jieba.initialize()
    texts = {row["external_id"]: f"{row['title']}\n{row['content']}" for row in rows(sys.argv[1])}
    labels = [row for row in rows(sys.argv[2]) if row["external_id"] in texts]
    vectors = TfidfVectorizer(tokenizer=jieba.lcut, token_pattern=None)
    known = vectors.fit_transform([texts[row["external_id"]] for row in labels])
    models = [LinearSVC().fit(known, [row[name].split("|")[0] for row in labels]) for name in ("kind", "branch", "domain")]
    messages = list(texts.values())

    def classify(batch):
        found = vectors.transform(batch)
        return [model.predict(found) for model in models]

    some = messages[:500]
    print(json.dumps({
        "batch": max(rate(lambda: classify(messages), len(messages)) for _ in range(2)),
        "alone": rate(lambda: [classify([message]) for message in some], len(some)),
    }))


if __name__ == "__main__":
    main()
