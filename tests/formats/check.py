"""Holds JUnit XML and TAP files against their readers, and both against the grade that they tell."""
import csv, json, pathlib, sys

import junitparser
import xmlschema
from tap.parser import Parser

schema, grades = xmlschema.XMLSchema(sys.argv[1]), pathlib.Path(sys.argv[2])
for folder in sorted(grades.iterdir()):
    grade = json.loads((folder / "grade.json").read_text())
    criteria = [one for rubric in grade["rubrics"] for one in rubric["criteria"]]
    lost = [one for one in criteria if one["mark"] in ("partial", "failed")]

    schema.validate(str(folder / "junit.xml"))
    junit = junitparser.JUnitXml.fromfile(str(folder / "junit.xml"))
    cases = [case for suite in junit for case in suite]
    failed = [case for case in cases if any(isinstance(one, junitparser.Failure) for one in case.result)]
    assert len(cases) == len(criteria) == junit.tests, folder
    assert len(failed) == len(lost) == junit.failures, folder
    assert all(case.result[0].text.strip() for case in failed), "GitLab shows nothing but the body"

    lines = list(Parser().parse_file(str(folder / "grade.tap")))
    points = [line for line in lines if line.category == "test"]
    if grade["status"] == "ungradable":
        assert not points and any(line.category == "bail" for line in lines), folder
        assert junit.errors == len(criteria), folder
    else:
        plan = next(line for line in lines if line.category == "plan")
        assert plan.expected_tests == len(points) == len(criteria), folder
        assert len([line for line in points if not line.ok]) == len(lost), folder
        assert all(line.yaml_block["max_score"] >= line.yaml_block["score"] for line in points if not line.ok)
        assert not [line for line in lines if line.category == "unknown"], folder

    head, row = list(csv.reader((folder / "grade.csv").open()))
    assert len(head) == len(row) and not row[0].startswith(("=", "+", "-", "@")), folder
    print(f"{folder.name}: {len(cases)} cases, {len(failed)} failures, {len(points)} TAP points")
