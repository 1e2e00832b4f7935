"""The bell of a whole county: 500 lessons at eight, their doors at ten to, and everyone who comes in.

Usage: bell.py TONGKE, a built program. Prints samples for tests/bench.sh. The program runs twice on the same data: over
the moment in which the doors open, and again, eight minutes of its time later, over the bell. All that listens does so
on 127.0.0.1, and everything that was started is ended by the time it returns.
"""

import asyncio
import json
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

from county import Server, running, sample, sheet, tell, upload

LESSONS = 500
HUBS = 50
POINTS = 250
# Receive rooms of each lesson.
ROOMS_EACH = 4

COUNTY = timezone(timedelta(hours=8))
DAY = "2026-10-12"
# Time enough before the doors to import everything, also for a program that was built without optimisation. What should
# run is looked at every five seconds from the start on: half a second before the doors, so that they wait for the next.
BEGINS, DOORS = "07:48:04.5", "07:50:00"
# Tokens, a quiet minute and the joins are before the bell.
BEGINS_AGAIN, JOINS, BELL = "07:58:00", "07:59:30", "08:00:00"

MINUTE = 60.0
# First all come in; then each teacher begins to share courseware, and stops, so many times.
COMING_IN = 20.0
SHARING = (22.0, 52.0)
TIMES = 2
# How long they share it. After ten seconds the server itself would take off what a lead shares who sends no media.
SHARED = (1.0, 6.0)
# Longer than the program takes to read tokens that another process wrote.
TOKENS_KNOWN = 11.0

HELLO = b'{"type":"hello","capabilities":{"decodes":["h264"]}}'
SHARE = b'{"type":"start_courseware"}', b'{"type":"stop_courseware"}'
WELCOME = b'{"type":"welcome"'
CHANGED = b'{"type":"courseware_changed"'
TEXT, PING = 0x81, 0x89
# A frame of a client is masked; with a mask of zeros its bytes stay as they are.
PONG = bytes([0x8A, 0x80]) + bytes(4)


def masked(text: bytes) -> bytes:
    if len(text) > 125:
        raise ValueError("only short frames are needed here")
    return bytes([TEXT, 0x80 | len(text)]) + bytes(4) + text


class Lesson:
    """A lesson as its bots see it: when the lead changed something last, and who has not heard of it yet."""

    def __init__(self, token: str, devices: list[str], lesson: str, tally: "Tally"):
        self.tally = tally
        self.teacher = Bot(self, lesson, token, is_device=False)
        self.devices = [Bot(self, lesson, device, is_device=True) for device in devices]
        self.changes = 0
        self.waiting = 0
        self.changed_at = 0.0

    def change(self):
        """The lead begins to share courseware, or stops."""
        self.tally.unheard += abs(self.waiting)
        self.waiting = len(self.devices)
        self.changed_at = time.perf_counter()
        self.teacher.line.write(masked(SHARE[self.changes % 2]))
        self.changes += 1

    def heard(self):
        """A device has the news."""
        self.waiting -= 1
        if self.waiting == 0:
            self.tally.fan_out_ms.append((time.perf_counter() - self.changed_at) * 1000)


class Tally:
    """What the bots of all lessons saw."""

    def __init__(self):
        self.fan_out_ms = []
        self.join_ms = []
        self.late_ms = []
        # Messages about changes that did not come, or came unasked.
        self.unheard = 0
        self.lost = 0


class Bot(asyncio.Protocol):
    """A page of a teacher or a device, as cheap as can be: it compares the first bytes of what it is told."""

    def __init__(self, lesson: Lesson, name: str, token: str, is_device: bool):
        self.lesson, self.is_device = lesson, is_device
        self.request = (
            f"GET /ws?lesson={name} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            f"Sec-WebSocket-Protocol: tongke.v1, bearer.{token}\r\n\r\n"
        ).encode()
        self.line = None
        self.is_open = False
        self.is_welcome = asyncio.Event()
        self.rest = b""

    async def come_in(self, server: Server, after: float):
        await asyncio.sleep(after)
        began = time.perf_counter()
        await asyncio.get_running_loop().create_connection(lambda: self, server.host, server.port)
        await self.is_welcome.wait()
        self.lesson.tally.join_ms.append((time.perf_counter() - began) * 1000)

    def connection_made(self, transport):
        self.line = transport
        transport.write(self.request)

    def data_received(self, data: bytes):
        if self.rest:
            data = self.rest + data
        if not self.is_open:
            head, end, data = data.partition(b"\r\n\r\n")
            if not end:
                self.rest = head
                return
            if b" 101 " not in head[:16]:
                raise RuntimeError(f"a bot was not let in: {head.decode(errors='replace')}")
            self.is_open = True
            self.line.write(masked(HELLO))
        self.rest = self.take(data)

    def take(self, data: bytes) -> bytes:
        """Takes all frames that are whole and gives back what is left."""
        at, size = 0, len(data)
        while size - at >= 2:
            length, text = data[at + 1], at + 2
            if length == 126:
                length, text = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                raise RuntimeError("no message is as long as that")
            if text + length > size:
                break
            kind = data[at]
            if kind == TEXT:
                self.hear(data, text)
            elif kind == PING:
                self.line.write(PONG)
            at = text + length
        return data[at:]

    def hear(self, data: bytes, text: int):
        if data.startswith(CHANGED, text):
            if self.is_device:
                self.lesson.heard()
        elif data.startswith(WELCOME, text):
            self.is_welcome.set()

    def connection_lost(self, _):
        self.lesson.tally.lost += 1


def county_files() -> dict[str, bytes]:
    """A county in which every hub school teaches ten lessons in the first period of Monday."""
    hubs = [f"清溪县第{n + 1}小学" for n in range(HUBS)]
    points = [f"清溪县{n + 1}号教学点" for n in range(POINTS)]
    rooms = [(points[n % POINTS], f"接收教室{n // POINTS + 1}") for n in range(LESSONS * ROOMS_EACH)]
    masters = [(hubs[n % HUBS], f"主讲教室{n // HUBS + 1}") for n in range(LESSONS)]
    head = ["学校", "班级", "课程", "教师", "地点", "接收教室", "星期", "节次", "周次"]
    rows = [
        [hub, f"三年级{n // HUBS + 1}班", "音乐", f"教师{n + 1}", room]
        + ["、".join(" ".join(one) for one in rooms[n * ROOMS_EACH :][:ROOMS_EACH]), "周一", "第1节", "1-20周"]
        for n, (hub, room) in enumerate(masters)
    ]
    return {
        "学期.csv": sheet([["学期", "第一周周一", "开学日期", "结束日期"],
                         ["2026-2027学年第一学期", "2026-08-31", "2026-09-01", "2027-01-15"]]),
        "学校.csv": sheet([["学校", "类型"], *([hub, "主校"] for hub in hubs), *([one, "教学点"] for one in points)]),
        "教室.csv": sheet([["学校", "教室"], *masters, *rooms]),
        "教师.csv": sheet([["学校", "教师"], *([hub, f"教师{n + 1}"] for n, (hub, _) in enumerate(masters))]),
        "作息表.csv": sheet([["节次", "开始", "结束"], ["1", "8:00", "8:40"], ["2", "8:50", "9:30"]]),
        "课表.csv": sheet([head, *rows]),
    }


def bring_county(server: Server) -> None:
    preview = upload(server, county_files())
    if preview["conflicts"]:
        raise RuntimeError(f"the timetable has conflicts: {preview['conflicts'][:3]}")
    server.ask(f"/api/imports/{preview['id']}/apply", "POST")


def until(server: Server, moment: str) -> float:
    """The reading of this process's own clock when the program's time is `moment`, of the day of the lessons."""
    asked = time.perf_counter()
    text, took = server.ask("/api/clock")
    server_time = json.loads(text)["server_time"] / 1000
    return asked + took / 2 + datetime.fromisoformat(f"{DAY}T{moment}").replace(tzinfo=COUNTY).timestamp() - server_time


def wait_until(reading: float) -> None:
    time.sleep(max(0.0, reading - time.perf_counter()))


def wait_for_lessons(server: Server) -> float:
    """The reading of the clock when all lessons run."""
    while server.figures()["tongke_lessons_running"] < LESSONS:
        time.sleep(0.02)
    return time.perf_counter()


def measure_doors(server: Server) -> None:
    bring_county(server)
    opening = until(server, DOORS)
    if opening < time.perf_counter() or server.figures()["tongke_lessons_running"] > 0:
        raise RuntimeError("the import took so long that the doors are open already")
    wait_until(opening)
    sample("doors_s", wait_for_lessons(server) - opening)


def issue_tokens(program: str, data: Path, people: list[str]) -> dict[str, str]:
    command = [program, "token", "--data", str(data)]
    for person in people:
        command += ["--person", person]
    said = subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True).stdout
    return dict(zip(people, said.split(), strict=True))


def lessons_of_day(program: str, data: Path, server: Server, tally: Tally) -> list[Lesson]:
    """The lessons at the bell, with a bot for each who is to come."""
    week = server.get("/api/timetable/week")["lessons"]
    courses = {course["id"]: course for course in server.records("course")}
    held = [(lesson["id"], courses[lesson["course"]]) for lesson in week if lesson["date"] == DAY]
    rooms = [[point["room"] for point in course["points"]] for _, course in held]
    people = [course["master_teacher"] for _, course in held] + [room for some in rooms for room in some]
    if (len(held), len(set(people))) != (LESSONS, LESSONS * (1 + ROOMS_EACH)):
        raise RuntimeError(f"{len(held)} lessons of {len(set(people))} people and devices are not what is wanted")
    began = time.perf_counter()
    tokens = issue_tokens(program, data, people)
    tell(f"{len(people)} tokens were issued in {time.perf_counter() - began:.2f} s")
    return [
        Lesson(tokens[course["master_teacher"]], [tokens[room] for room in some], name, tally)
        for (name, course), some in zip(held, rooms)
    ]


def after_periodic_work(server: Server) -> None:
    """Waits for the moment after the program looked into its database: a minute that begins then has as many looks as
    any other that does."""
    asked = server.figures()["tongke_database_queries_total"]
    while server.figures()["tongke_database_queries_total"] == asked:
        time.sleep(0.1)
    time.sleep(1.0)


def quiet_minute(server: Server) -> float:
    """How many queries the program asks while nobody comes."""
    time.sleep(TOKENS_KNOWN)
    after_periodic_work(server)
    before = server.figures()
    time.sleep(MINUTE)
    after = server.figures()
    busy = after["process_cpu_seconds_total"] - before["process_cpu_seconds_total"]
    queries = after["tongke_database_queries_total"] - before["tongke_database_queries_total"]
    tell(f"in a quiet minute: {queries:.0f} queries, {busy:.2f} s of the server's processor")
    return queries


async def watch_own_lateness(tally: Tally):
    """How late this process does what it means to do: what is added to all that it measures."""
    while True:
        due = time.perf_counter() + 0.02
        await asyncio.sleep(0.02)
        tally.late_ms.append((time.perf_counter() - due) * 1000)


async def play_minute(server: Server, lessons: list[Lesson], tally: Tally) -> None:
    """Everyone comes in, then every lead begins to share courseware and stops, each at moments of its own."""
    loop, chance = asyncio.get_running_loop(), random.Random(8)
    begins = loop.time()
    bots = [bot for lesson in lessons for bot in (lesson.teacher, *lesson.devices)]
    coming = [loop.create_task(bot.come_in(server, chance.uniform(0, COMING_IN))) for bot in bots]
    first, last = SHARING
    step = (last - first) / TIMES
    for lesson in lessons:
        for number in range(TIMES):
            shared = chance.uniform(*SHARED)
            starts = begins + first + step * number + chance.uniform(0, step - shared)
            loop.call_at(starts, lesson.change)
            loop.call_at(starts + shared, lesson.change)
    async with asyncio.timeout(first):
        await asyncio.gather(*coming)
    await asyncio.sleep(begins + MINUTE - loop.time())
    tally.unheard += sum(abs(lesson.waiting) for lesson in lessons)


async def measure_minute(server: Server, lessons: list[Lesson], tally: Tally, quiet: float) -> None:
    before, own, began = server.figures(), time.process_time(), time.perf_counter()
    watching = asyncio.create_task(watch_own_lateness(tally))
    await play_minute(server, lessons, tally)
    watching.cancel()
    # First of all: what is asked of the server now is no work of the bots.
    own, took = time.process_time() - own, time.perf_counter() - began
    after, lost = server.figures(), tally.lost
    queries, busy = (
        after[name] - before[name] for name in ("tongke_database_queries_total", "process_cpu_seconds_total")
    )
    joins = len(tally.join_ms)
    heard = len(tally.fan_out_ms)
    tell(f"in the minute of the bell: {joins} joins, {queries:.0f} queries, {heard} changes heard by all")
    sample("queries_per_join", (queries - quiet) / joins)
    sample("cpu_s", busy)
    sample("lost", lost + tally.unheard)
    sample("bots_percent", own / took * 100)
    memory = after["process_resident_memory_bytes"] - before["process_resident_memory_bytes"]
    sample("rss_per_join_kb", memory / joins / 1e3)
    for name in ("join_ms", "fan_out_ms", "late_ms"):
        for value in getattr(tally, name):
            sample(name, value)


def measure_bell(server: Server, lessons: list[Lesson], tally: Tally) -> None:
    quiet = quiet_minute(server)
    wait_until(until(server, JOINS))
    after_periodic_work(server)
    to_bell = until(server, BELL) - time.perf_counter()
    if not 0 < to_bell < MINUTE:
        raise RuntimeError(f"the bell would not be within the minute: it rings in {to_bell:.1f} s")
    asyncio.run(measure_minute(server, lessons, tally, quiet))


def main() -> None:
    # Also when it is told to stop, what it started ends first.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Every device is a connection, here and in the program.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    program = str(Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory(prefix="tongke-bell-") as work:
        data = Path(work) / "data"
        with running(program, data, f"{DAY}T{BEGINS}") as server:
            measure_doors(server)
        began = time.perf_counter()
        with running(program, data, f"{DAY}T{BEGINS_AGAIN}") as server:
            tell(f"all lessons ran again {wait_for_lessons(server) - began:.2f} s after the program was started anew")
            tally = Tally()
            measure_bell(server, lessons_of_day(program, data, server, tally), tally)


main()
