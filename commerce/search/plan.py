"""What people typed, made into what is looked for: every clause must be found, any of its alternatives will do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import rjieba

from commerce.search import analysis
from commerce.search.lexicon import Lexicon
from commerce.search.shared import Shared

Alternative = tuple[tuple[int, ...], float]
"""Words that must all be there, by number, and how much being found by them is worth (1: as typed)."""
Clause = list[Alternative]

SYNONYM, BEGINNING, SOUND, SOUND_BEGINNING, INITIALS, PAIRS = 0.9, 0.8, 0.9, 0.6, 0.8, 0.8
KIND, PART = 0.8, 0.25
"""Of a single character: words that end with it say what something is (台灯), others what it is for (灯具)."""
MOST_WORDS = 12
LONGEST_PHRASE = 4
_TRIES = 16


class Plan(msgspec.Struct, frozen=True):
    """The clauses, the words as they were taken, and those of them that nothing is called by."""

    clauses: list[Clause]
    units: list[str]
    missing: list[str]


def plan(text: str, lexicon: Lexicon, shared: Shared) -> Plan:
    """Return what to look for. A last word that nothing is called by is taken as a beginning."""
    made = Plan([], [], [])
    stretches = _joined(_phrases(analysis.runs(analysis.plain(text)), shared), lexicon)
    units = [unit for run in stretches for unit in _units(run, lexicon, shared)][:MOST_WORDS]
    for at, unit in enumerate(units):
        last = at == len(units) - 1
        # Who writes a word and one that means the same, as 龙井 and 茶叶, wants both.
        like = [other for other in shared.like(unit) if other not in units]
        clauses = _clauses(unit, last, lexicon, like)
        made.units.append(unit)
        if not clauses:
            made.missing.append(unit)
        made.clauses.extend(clauses)
    return made


def _units(run: str, lexicon: Lexicon, shared: Shared) -> list[str]:
    """Return the words of a stretch; neighbours that are a word together are one."""
    if not analysis.is_han(run):
        return [run]
    cut = rjieba.cut(run)
    units: list[str] = []
    at = 0
    while at < len(cut):
        for end in range(min(len(cut), at + 4), at, -1):
            joined = "".join(cut[at:end])
            if end == at + 1 or joined in shared.synonyms or lexicon.number(joined) is not None:
                units.append(joined)
                at = end
                break
    if any(len(unit) == 1 or (unit not in shared.synonyms and lexicon.number(unit) is None) for unit in units):
        # The words of products cover it where those of a dictionary do not.
        return lexicon.cover(run) or units
    return units


def _phrases(stretches: list[str], shared: Shared) -> list[str]:
    """Return the stretches, those that are one thing together as one: ``power bank``."""
    found: list[str] = []
    at = 0
    while at < len(stretches):
        ends = range(min(len(stretches), at + LONGEST_PHRASE), at + 1, -1)
        end = next((end for end in ends if shared.like(" ".join(stretches[at:end]))), at + 1)
        found.append(" ".join(stretches[at:end]))
        at = end
    return found


def _joined(stretches: list[str], lexicon: Lexicon) -> list[str]:
    """Return the stretches, two of letters that are one word's pinyin as one: ``xingli xiang``."""
    found: list[str] = []
    for run in stretches:
        pinyin = run.isascii() and run.isalpha() and found and found[-1].isascii() and found[-1].isalpha()
        if pinyin and lexicon.number(run) is None and lexicon.sounding(found[-1] + run):
            found[-1] += run
        else:
            found.append(run)
    return found


def _clauses(unit: str, last: bool, lexicon: Lexicon, like: Sequence[str]) -> list[Clause]:
    number = lexicon.number(unit)
    found: Clause = [] if number is None else [((number,), 1.0)]
    if " " in unit and (numbers := _numbers(unit, lexicon)):
        found.append((numbers, 1.0))
    for other in like:
        numbers = _numbers(other, lexicon)
        if numbers:
            found.append((numbers, SYNONYM))
    if last and len(unit) > 1 and number is None:
        found += [((one,), BEGINNING) for one in lexicon.beginning(unit)]
    if analysis.is_han(unit):
        if len(unit) == 1:
            holding = (one for one in lexicon.holding(unit) if one != number)
            found += [((one,), KIND if lexicon.word(one).endswith(unit) else PART) for one in holding]
        elif close := lexicon.pieces(unit):
            found.append((tuple(one for piece in close for one in piece), PAIRS))
        return [found] if found else []
    if unit.isalpha() and unit.isascii():
        sounds = [((one,), SOUND) for one in lexicon.sounding(unit)]
        if len(unit) > 1:
            sounds += [((one,), INITIALS) for one in lexicon.initialled(unit)]
        if last and len(unit) > 2 and number is None:
            sounds += [((one,), SOUND_BEGINNING) for one in lexicon.sounding_from(unit)]
        # Letters that are a word are pinyin too, unless as a word they are the commoner of the two.
        if number is None or lexicon.count(number) < max((lexicon.count(one[0][0]) for one in sounds), default=0):
            found += sounds
        if not found and len(unit) > 3:
            return [[((one,), SOUND) for one in place] for place in lexicon.spelled_out(unit)]
    if not found and len(inside := analysis.parts(unit)) > 1:
        clauses = [_clauses(part, False, lexicon, ()) for part in inside]
        return [clause for each in clauses for clause in each] if all(clauses) else []
    return [found] if found else []


def _numbers(text: str, lexicon: Lexicon) -> tuple[int, ...]:
    """Return the numbers of all words of a synonym, of its pairs where a title has it only inside of others; empty if
    something of it is nowhere."""
    numbers: list[int] = []
    for run in analysis.runs(text):
        known = [lexicon.number(run)]
        if None in known and analysis.is_han(run):
            known = [lexicon.number(word) for word in rjieba.cut(run)]
            if None in known or len(known) > 1:
                known = [number for piece in lexicon.pieces(run) for number in piece] or known
        if None in known:
            return ()
        numbers += (number for number in known if number is not None)
    return tuple(numbers)


def corrections(text: str, lexicon: Lexicon, missing: list[str]) -> Iterator[str]:
    """Yield what may have been meant by words that find nothing, the likeliest first."""
    whole = analysis.plain(text)
    seen = {whole}
    for run in analysis.runs(whole):
        for part in _windows(run, missing) if analysis.is_han(run) else (run,):
            for other in lexicon.near(part):
                better = other
                if not analysis.is_han(other) and lexicon.number(other) is None:
                    better = next((lexicon.word(number) for number in lexicon.sounding(other)), other)
                meant = whole.replace(part, better, 1)
                if meant not in seen:
                    seen.add(meant)
                    yield meant
                if len(seen) > _TRIES:
                    return


def _windows(run: str, missing: list[str]) -> list[str]:
    """Return the stretch and the parts of it, those that hold a word that was missing first, longer ones first."""
    sizes = [size for size in (len(run), 5, 4, 3, 2) if size <= len(run)]
    found = [run[at : at + size] for size in dict.fromkeys(sizes) for at in range(len(run) - size + 1)]
    return sorted(found, key=lambda part: not any(word in part for word in missing))
