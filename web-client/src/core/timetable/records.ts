// The records of a timetable, sorted by what they are and found by their ids.

import type {
  Bells, Course, RecordList, Requirement, Room, School, SpecialDay, Teacher, Term,
} from "../protocol";

export type Books = {
  terms: Term[];
  schools: Map<string, School>;
  rooms: Map<string, Room>;
  teachers: Map<string, Teacher>;
  courses: Course[];
  bells: Bells[];
  specialDays: SpecialDay[];
  requirements: Requirement[];
  version: number;
};

export function booksOf(list: RecordList): Books {
  const books: Books = {
    terms: [], schools: new Map(), rooms: new Map(), teachers: new Map(), courses: [], bells: [], specialDays: [],
    requirements: [], version: list.version,
  };
  for (const record of list.records) {
    switch (record.kind) {
      case "term":
        books.terms.push(record.value);
        break;
      case "school":
        books.schools.set(record.value.id, record.value);
        break;
      case "room":
        books.rooms.set(record.value.id, record.value);
        break;
      case "teacher":
        books.teachers.set(record.value.id, record.value);
        break;
      case "course":
        books.courses.push(record.value);
        break;
      case "bells":
        books.bells.push(record.value);
        break;
      case "special_day":
        books.specialDays.push(record.value);
        break;
      case "requirement":
        books.requirements.push(record.value);
        break;
      case "entry":
      case "lesson_edit":
      case "extra_lesson":
        break;
    }
  }
  books.terms.sort((a, b) => a.first_day.localeCompare(b.first_day));
  return books;
}

/** What a chooser lists: a name, and what tells two of the same name apart. */
export type Option = { id: string; label: string; hint: string };

export function schoolOptions(books: Books): Option[] {
  return inOrder([...books.schools.values()].map(({ id, name, area }) => ({ id, label: name, hint: area })));
}

export function teacherOptions(books: Books): Option[] {
  return inOrder([...books.teachers.values()].map((it) => ({ id: it.id, label: it.name, hint: schoolName(books, it.school) })));
}

/** Rooms of one school, or all. */
export function roomOptions(books: Books, school: string | null = null): Option[] {
  const rooms = [...books.rooms.values()].filter((room) => school === null || room.school === school);
  return inOrder(rooms.map((it) => ({ id: it.id, label: it.name, hint: schoolName(books, it.school) })));
}

export function schoolName(books: Books, id: string): string {
  return books.schools.get(id)?.name ?? "";
}

function inOrder(options: Option[]): Option[] {
  const order = new Intl.Collator("zh-CN", { numeric: true });
  return options.sort((a, b) => order.compare(a.hint, b.hint) || order.compare(a.label, b.label));
}

/** How many a chooser draws at once; who does not find theirs types more. */
export const SHOWN_OPTIONS = 60;

/** Every word must occur in the name or the hint; names that begin with the words come first. */
export function findOptions(options: Option[], words: string): { shown: Option[]; further: number } {
  const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== "");
  const matches = (option: Option): boolean => {
    const text = `${option.label}\n${option.hint}`.toLowerCase();
    return wanted.every((word) => text.includes(word));
  };
  const begins = (option: Option): number => (option.label.toLowerCase().startsWith(wanted[0] ?? "") ? 0 : 1);
  const found = options.filter(matches);
  if (wanted.length > 0) found.sort((a, b) => begins(a) - begins(b));
  return { shown: found.slice(0, SHOWN_OPTIONS), further: Math.max(0, found.length - SHOWN_OPTIONS) };
}

/** Whose timetable is shown. */
export type Holder = { kind: "school" | "teacher" | "room"; id: string };
export const HOLDER_KINDS = ["school", "teacher", "room"] as const;

/** From the address of the page. */
export function holderIn(query: { [key: string]: unknown }): Holder | null {
  for (const kind of HOLDER_KINDS) {
    const id = query[kind];
    if (typeof id === "string" && id !== "") return { kind, id };
  }
  return null;
}

export function holderOptions(books: Books, kind: Holder["kind"]): Option[] {
  switch (kind) {
    case "school":
      return schoolOptions(books);
    case "teacher":
      return teacherOptions(books);
    case "room":
      return roomOptions(books);
  }
}
