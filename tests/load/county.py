"""A county as large as they come, its timetable imported, looked at, edited and reported on: how long each takes.

Usage: county.py TONGKE, a built program. Prints samples for tests/bench.sh. All that listens does so on 127.0.0.1, and
everything that was started is ended by the time it returns. bell.py begins and asks its server by what is here.
"""

import csv
import http.client
import io
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

# How long one answer, and the end of the program, may take, in seconds.
PATIENCE = 300

HUBS = 60
SCHOOLS = 333
ROOMS = 1_200
# Pairings of each hub school: a master room, two teachers and three receive rooms that no other pairing has. So lessons
# can only collide in time, never in a room, and a random timetable is one that a county could have.
PAIRINGS = 5
POINTS_EACH = 3
TOWNSHIPS = [a + b for a in ("清溪", "石门", "云岭", "柳河", "白杨") for b in ("镇", "乡", "坪镇", "湾乡")]
SUBJECTS = ["音乐", "美术", "英语", "科学"]
WEEKS = 20
# First bells of the periods in the minutes of a day: in the afternoon it rings earlier from October on.
SUMMER = [480, 530, 600, 650, 870, 920]
WINTER = [480, 530, 600, 650, 840, 890]
PERIOD_MIN = 40

LESSONS_AT_LEAST = 40_000
LOOKS = 200
CHECKS = 100
NOW = "2026-08-31T07:40"
# From then on all is in the future.
COMING = "2026-10-12"


class Server:
    """A running program and what an administrator may ask it."""

    def __init__(self, program: str, data: Path, now: str):
        command = [program, "demo", "--json", "--listen", "127.0.0.1:0", "--media-port", "0", "--points", "1"]
        command += ["--no-lesson", "--now", now, "--data", str(data)]
        environment = {"TONGKE_LOG": "warn"} | os.environ
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
        self.child = subprocess.Popen(command, env=environment, text=True, **streams)
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError(f"the program ended before it was ready: {self.child.wait()}")
        ready = json.loads(line)
        address = urlsplit(ready["base"])
        self.host, self.port = address.hostname, address.port
        self.headers = {"Authorization": f"Bearer {ready['tokens']['admin']}"}
        # One connection is kept, as a page keeps one.
        self.line = http.client.HTTPConnection(self.host, self.port, timeout=PATIENCE)

    def ask(self, path: str, method: str = "GET", body: bytes | None = None) -> tuple[bytes, float]:
        """The answer, and the seconds until all of it was here."""
        headers = self.headers | ({"Content-Type": "application/json"} if body is not None else {})
        asked = time.perf_counter()
        self.line.request(method, path, body, headers)
        answer = self.line.getresponse()
        text = answer.read()
        took = time.perf_counter() - asked
        if answer.status // 100 != 2:
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode(errors='replace')}")
        return text, took

    def get(self, path: str) -> dict:
        return json.loads(self.ask(path)[0])

    def records(self, kind: str) -> list[dict]:
        return [record["value"] for record in self.get(f"/api/timetable/records?kinds={kind}")["records"]]

    def figures(self) -> dict[str, float]:
        """The figures of /metrics that have no labels."""
        lines = (line.split() for line in self.ask("/metrics")[0].decode().splitlines() if not line.startswith("#"))
        return {name: float(value) for name, value in lines if "{" not in name}

    def end(self):
        self.line.close()
        self.child.terminate()
        try:
            self.child.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()


@contextmanager
def running(program: str, data: Path, now: str):
    server = Server(program, data, now)
    try:
        yield server
    finally:
        server.end()


def sample(name: str, value: float) -> None:
    print(json.dumps({"name": name, "value": value}), flush=True)


def tell(*words) -> None:
    print(*words, file=sys.stderr, flush=True)


def sheet(rows: list[list], encoding: str = "utf-8-sig") -> bytes:
    """A CSV file as an office program saves it."""
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode(encoding)


def clock(minute: int) -> str:
    return f"{minute // 60}:{minute % 60:02}"


def upload(server: Server, files: dict[str, bytes]) -> dict:
    """Hands all files in as one import. The answer to the last tells what all of them would do."""
    path, last = "", list(files)[-1]
    for name, content in files.items():
        more = "" if name == last else "&more=true"
        text, _ = server.ask(f"/api/imports?name={quote(name)}{path}{more}", "POST", content)
        preview = json.loads(text)
        path = f"&import={preview['id']}"
    if preview["problems"]:
        raise RuntimeError(f"the files have problems: {preview['problems'][:5]}")
    return preview


def changes(preview: dict) -> int:
    return sum(one["count"] for what in ("added", "changed", "removed") for one in preview[what])


class County:
    """The files of a made-up county, the same every time."""

    def __init__(self):
        self.chance = random.Random(2026)
        self.hubs = [f"{TOWNSHIPS[n % 20]}{'中心第二第三'[n // 20 * 2 :][:2]}小学" for n in range(HUBS)]
        villages = [a + b + c for c in ("村", "沟", "") for a in "东西南北上下" for b in "桥岗溪塘坝"]
        self.points = [f"{TOWNSHIPS[n % 20]}{villages[n // 20]}教学点" for n in range(SCHOOLS - HUBS)]
        self.master_rooms = [(hub, f"录播教室{n + 1}") for hub in self.hubs for n in range(PAIRINGS)]
        # The first rooms of all points, then the second ones: those of one pairing are at different points.
        count = ROOMS - len(self.master_rooms)
        numbered = [divmod(n, len(self.points)) for n in range(count)]
        self.receive_rooms = [(self.points[at], f"接收教室{n + 1}") for n, at in numbered]
        # Only GB18030 has a character for the first of these names.
        self.teachers = [
            (hub, "䶮王李张刘陈杨赵黄周"[n] + "静芳敏丽强磊军洋勇艳"[(n + at) % 10] + "红梅"[at % 2])
            for at, hub in enumerate(self.hubs)
            for n in range(2 * PAIRINGS)
        ]

    def files(self) -> dict[str, bytes]:
        directory = {
            "学期.csv": sheet([["学期", "第一周周一", "开学日期", "结束日期"],
                             ["2026-2027学年第一学期", "2026-08-31", "2026-09-01", "2027-01-15"]]),
            "学校.csv": sheet([["学校", "乡镇", "类型"], *self.schools()]),
            "教室.csv": sheet([["学校", "教室", "类型"], *self.rooms()]),
            "教师.csv": sheet([["学校", "教师"], *self.teachers]),
            "作息表.csv": sheet([["学校", "节次", "开始", "结束", "起用日期"], *self.bells()]),
            "校历.csv": sheet([["日期", "安排", "名称", "学校"], *self.special_days()]),
        }
        return directory | {f"{hub}课表.csv": self.timetable(at) for at, hub in enumerate(self.hubs)}

    def schools(self) -> list[list]:
        hubs = [[hub, TOWNSHIPS[at % 20], "主校"] for at, hub in enumerate(self.hubs)]
        return hubs + [[point, TOWNSHIPS[at % 20], "教学点"] for at, point in enumerate(self.points)]

    def rooms(self) -> list[list]:
        masters = [[*room, "录播教室"] for room in self.master_rooms]
        return masters + [[*room, "接收教室"] for room in self.receive_rooms]

    def bells(self) -> list[list]:
        """The county's, and those of a few hub schools, where it rings five minutes later."""
        schedules = [("", SUMMER, 0, "2026-08-31"), ("", WINTER, 0, "2026-10-08")]
        schedules += [(hub, WINTER, 5, "2026-08-31") for hub in self.hubs[::10]]
        return [
            [school, number + 1, clock(first + later), clock(first + later + PERIOD_MIN), day]
            for school, bells, later, day in schedules
            for number, first in enumerate(bells)
        ]

    def special_days(self) -> list[list]:
        county = [
            ["2026-09-25至2026-09-27", "放假", "中秋节"],
            ["2026-10-01至2026-10-07", "放假", "国庆节"],
            ["2026-09-20", "补2026-10-06的课", "国庆调休"],
            ["2026-10-10", "补2026-10-07的课", "国庆调休"],
            ["2027-01-01至2027-01-03", "放假", "元旦"],
        ]
        sports = [["2026-11-05至2026-11-06", "放假", "运动会", hub] for hub in self.hubs[::6]]
        return county + sports + [["2026-12-03", "放假", "停电检修", point] for point in self.points[::50]]

    def timetable(self, hub: int) -> bytes:
        """The timetable of one hub school: its weeks are written in one of the ways there are, a third in GB18030."""
        head = ["学校", "班级", "课程", "教师", "地点", "接收教室", "星期", "节次"]
        in_columns = hub % 3 == 1
        head += ["开始周", "结束周", "单双周"] if in_columns else ["周次"]
        rows = [row for at in range(PAIRINGS) for row in self.pairing(hub, at, in_columns)]
        return sheet([head, *rows], ["utf-8-sig", "gb18030", "utf-8"][hub % 3])

    def pairing(self, hub: int, at: int, in_columns: bool) -> list[list]:
        """The nine rows a week of one master room: four courses, none at the time of another."""
        number = hub * PAIRINGS + at
        points = self.receive_rooms[number * POINTS_EACH :][:POINTS_EACH]
        listed = "、".join(" ".join(room) for room in points)
        rows = []
        for row, slot in enumerate(sorted(self.chance.sample(range(5 * len(SUMMER)), 9))):
            course = row % len(SUBJECTS)
            _, teacher = self.teachers[number * 2 + course % 2]
            words = [self.hubs[hub], f"{'三四五六'[course]}年级{at + 1}班", SUBJECTS[course], teacher]
            weekday, period = divmod(slot, len(SUMMER))
            words += [self.master_rooms[number][1], listed, f"星期{'一二三四五'[weekday]}", f"第{period + 1}节"]
            rows.append(words + (self.weeks_in_columns() if in_columns else [self.weeks()]))
        return rows

    def weeks(self) -> str:
        return self.chance.choices(["1-20周", "", "1-19周(单)", "2-20周(双)", "1-8,10,12-18周"], [6, 2, 1, 1, 2])[0]

    def weeks_in_columns(self) -> list:
        return self.chance.choices([[1, 20, ""], [1, 20, "单"], [1, 20, "双"], [2, 17, ""]], [8, 1, 1, 2])[0]


@contextmanager
def told(server: Server, what: str):
    """Tells how long something took and how busy the program was with it: on a busy machine these are two figures."""
    busy, begun = server.figures()["process_cpu_seconds_total"], time.perf_counter()
    yield
    took, busy = time.perf_counter() - begun, server.figures()["process_cpu_seconds_total"] - busy
    tell(f"{what}: {took:.2f} s, of the server's processor {busy:.2f} s")


def measure_import(server: Server, files: dict[str, bytes]) -> None:
    busy, begun = server.figures()["process_cpu_seconds_total"], time.perf_counter()
    preview = upload(server, files)
    previewed = time.perf_counter()
    server.ask(f"/api/imports/{preview['id']}/apply", "POST")
    sample("import_s", time.perf_counter() - begun)
    sample("import_cpu_s", server.figures()["process_cpu_seconds_total"] - busy)
    sample("lessons", preview["lessons_after"])
    counts = {one["kind"]: one["count"] for one in preview["added"]}
    conflicts = len(preview["conflicts"]) + preview["conflicts_left_off"]
    tell(f"imported {len(files)} files of {sum(map(len, files.values()))} bytes:", counts, f"{conflicts} conflicts;")
    tell(f"until all was previewed {previewed - begun:.2f} s, to apply it {time.perf_counter() - previewed:.2f} s")
    if preview["lessons_after"] < LESSONS_AT_LEAST or (counts["school"], counts["room"]) != (SCHOOLS, ROOMS):
        raise RuntimeError("the county is smaller than it is meant to be")


def measure_weeks(server: Server, whose: str, ids: list[str], chance: random.Random) -> list[dict]:
    """Looks at so many different weeks; the answer is the lessons seen there."""
    every = [(one, week) for one in ids for week in range(1, WEEKS + 1)]
    lessons = []
    for one, week in chance.sample(every, LOOKS):
        text, took = server.ask(f"/api/timetable/week?{whose}={one}&week={week}")
        sample(f"week_of_{whose}_ms", took * 1000)
        lessons += json.loads(text)["lessons"]
    if not lessons:
        raise RuntimeError(f"no {whose} has a lesson")
    return lessons


def measure_checks(server: Server, lessons: list[dict], special: set[str], chance: random.Random) -> None:
    """Asks what it would do to hold a lesson on the date and in the period of another one."""
    coming = [lesson for lesson in lessons if lesson["date"] >= COMING and lesson["date"] not in special]
    collisions = 0
    for _ in range(CHECKS):
        lesson, other = chance.sample(coming, 2)
        to = {"date": other["date"], "period": chance.randint(1, len(SUMMER))}
        order = {"edit": {"edit": "reschedule", "lesson": lesson["id"], "to": to}}
        text, took = server.ask("/api/timetable/edits/check", "POST", json.dumps(order).encode())
        sample("check_ms", took * 1000)
        collisions += bool(json.loads(text)["conflicts"])
    tell(f"{collisions} of {CHECKS} edits would collide with something")


def measure_reports(server: Server) -> None:
    """Nothing is delivered yet: what is planned is counted, in every lesson and room of the term."""
    for name, query in (
        ("report_first_s", "side=receive&by=area"),
        ("report_again_s", "side=receive&by=area"),
        ("report_otherwise_s", "side=receive&by=school"),
        ("report_otherwise_s", "side=master&by=teacher"),
    ):
        text, took = server.ask(f"/api/report?{query}")
        sample(name, took)
        report = json.loads(text)
        tell(f"report {query}: {len(report['rows'])} rows, {report['total']['planned']} planned, {took:.2f} s")
        if report["total"]["planned"] < LESSONS_AT_LEAST:
            raise RuntimeError("the report does not count all there is")


def measure_again(server: Server, files: dict[str, bytes]) -> None:
    """The same files once more change nothing."""
    begun = time.perf_counter()
    preview = upload(server, files)
    sample("again_s", time.perf_counter() - begun)
    sample("again_changes", changes(preview) + abs(preview["lessons_after"] - preview["lessons_before"]))
    server.ask(f"/api/imports/{preview['id']}", "DELETE")


def measure(server: Server) -> None:
    chance = random.Random(1)
    files = County().files()
    measure_import(server, files)
    schools, teachers = ([one["id"] for one in server.records(kind)] for kind in ("school", "teacher"))
    special = {day["date"] for day in server.records("special_day")}
    with told(server, f"{LOOKS} weeks of schools"):
        lessons = measure_weeks(server, "school", schools, chance)
    with told(server, f"{LOOKS} weeks of teachers"):
        lessons += measure_weeks(server, "teacher", teachers, chance)
    with told(server, f"{CHECKS} checks of edits"):
        measure_checks(server, lessons, special, chance)
    with told(server, "the reports"):
        measure_reports(server)
    with told(server, "the same files again"):
        measure_again(server, files)
    sample("rss_mb", server.figures()["process_resident_memory_bytes"] / 1e6)


def main() -> None:
    # Also when it is told to stop, what it started ends first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    program = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory(prefix="tongke-county-") as work:
        with running(program, Path(work) / "data", NOW) as server:
            measure(server)


if __name__ == "__main__":
    main()
