"""Noise and substitution for training documents, drawn anew each time a document is used.

A document is a list of segments `(text, label or None)`. Each kind can be switched on by its name in ALL; how often it
strikes is in RATES (share of documents, by source where it matters).
"""
import re

import names
from names import elides, plain

ALL = ["person", "place", "firm", "acronym", "order", "upper", "accents", "apostrophe", "wrap", "ocr", "lower", "title", "crop", "space"]
RATES = {"person": 0.45, "place": 0.35, "firm": 0.35, "acronym": 0.3, "order": 0.06, "upper": 0.16, "accents": 0.05, "apostrophe": 0.05, "wrap": 0.12,
         "ocr": 0.10, "lower": 0.05, "title": 0.10, "crop": 0.10, "space": 0.5}
TITLES = ["M. ", "Mme ", "Me ", "Mgr ", "Dr ", "S.E.M. ", "S.E. M. ", "le président ", "le général ", "le ministre ", "le docteur ", "l'abbé ", "le professeur ", "Monsieur "]
PARTICLES = {"de", "du", "des", "la", "le", "les", "van", "von", "der", "den", "di", "da", "dos", "el", "al", "ben", "ibn", "bin", "et", "y", "zu", "d", "l", "dit"}
WORD = re.compile(r"[^\W\d_]+")
ARTICLE = re.compile(r"\b(?:(?:le|la|les|du|des|au|aux)\s|l['’])\s*$", re.IGNORECASE)
OCR = {"l": "1I", "i": "1l", "I": "1l", "m": ["rn"], "é": "eè6", "è": "é", "ê": "e", "à": "a", "ç": "c", "e": "c", "c": "e", "n": "u", "u": "n",
       "a": "n", "o": "0", "O": "0", "S": "5", "B": "8", "h": ["li", "b"], "d": ["cl"], "f": ["t"], "t": "f", "s": ["f"], "v": "y", "g": "q", "É": "E", "D": ["l)"], "œ": ["oe"], "H": ["Il"], "U": ["LI"]}


class Augmenter:
    def __init__(self, lists, on):
        unknown = set(on) - set(ALL)
        if unknown:
            raise SystemExit(f"unknown augmentation: {', '.join(sorted(unknown))}; there are {', '.join(ALL)}")
        self.names = names.Names(lists) if lists else None
        self.firms = set(lists["companies"]) if lists else set()
        self.on = [kind for kind in ALL if kind in on]

    def __call__(self, segs, r, source):
        for kind in self.on:
            rate = RATES[kind]
            if source == "templates" and kind in ("person", "place", "firm", "acronym", "order", "title", "crop", "space"):
                continue
            if r.random() < rate:
                segs = getattr(self, "_" + kind)(segs, r)
        return [(text, label) for text, label in segs if text]

    # substitution
    def _person(self, segs, r):
        """Other persons, the same throughout the document; initials, particles, capitals and elision are kept."""
        new, given = {}, set()
        for text, label in segs:
            if label == "PER":
                words = WORD.findall(text)
                if len(words) > 1:
                    given.add(words[0].lower())

        def other(word, first, elided):
            key = word.lower()
            if key not in new:
                for _ in range(40):
                    if len(word) == 1:
                        made = r.choice("ABCDEFGHJLMPRSTV")
                    else:
                        made = self.names.first(r) if key in given else r.choice([r.choice(names.LAST), r.choice(self.names.lists["parts"])])
                        made = re.split(r"[-' ]", made)[-1 if key not in given else 0]
                    if made and (not first or elides(made) == elided) and len(made) >= min(2, len(word)):
                        break
                else:
                    made = word
                new[key] = made
            made = new[key]
            if word.isupper() and len(word) > 1:
                return made.upper()
            return made if word[0].isupper() else made.lower()

        out = []
        for text, label in segs:
            if label == "PER" and not re.search(r"[\n|@#]", text):
                at = [0]

                def swap(match):
                    word = match[0]
                    first, at[0] = at[0] == 0, 1
                    after = text[match.end():match.end() + 1]
                    if word.lower() in PARTICLES or word[0].islower() or after in ("'", "’") or re.fullmatch(r"[IVX]+", word) and not first and len(word) < 5:
                        return word
                    return other(word, True, elides(word))
                text = WORD.sub(swap, text)
            out.append((text, label))
        return out

    def _place(self, segs, r):
        """Other towns where one stands after `à`, or after `de` without an article; the same throughout."""
        new, out, before = {}, [], ""
        for text, label in segs:
            if label == "LOC" and re.search(r"(^|\s)(à|de|d['’]|vers|depuis)\s*$", before) and text[:1].isupper() and not text.startswith(("La ", "Le ", "Les ", "L'")):
                key = text.lower()
                if key not in new and r.random() < 0.6:
                    for _ in range(20):
                        town = self.names.town(r).name
                        if not town.startswith(("Le ", "Les ")) and elides(town) == elides(text):
                            new[key] = town
                            break
            if label == "LOC" and text.lower() in new:
                made = new[text.lower()]
                text = made.upper() if text.isupper() else made
            out.append((text, label))
            before = text
        return out

    def _firm(self, segs, r):
        """Other companies in the place of known ones that have no article; the same throughout. Elision is kept."""
        with_article = {text for (before, _), (text, _) in zip(segs, segs[1:]) if ARTICLE.search(before)}
        new, out = {}, []
        for text, label in segs:
            if label == "ORG" and text in self.firms and text not in with_article:
                while text not in new:
                    made = r.choice(self.names.lists["companies"])
                    if elides(made) == elides(text):
                        new[text] = made
                text = new[text]
            out.append((text, label))
        return out

    def _acronym(self, segs, r):
        new, out = {}, []
        for text, label in segs:
            if label == "ORG" and re.fullmatch(r"[A-Z]{2,5}", text):
                if text not in new:
                    while True:
                        made = self.names.acronym(r)
                        if (made[0] in "AEIOU") == (text[0] in "AEIOU") and "." not in made:
                            break
                    new[text] = made
                text = new[text]
            out.append((text, label))
        return out

    def _title(self, segs, r):
        """A civility or function before full names that have none."""
        out, before = [], "\n"
        title = r.choice(TITLES)
        for text, label in segs:
            if label == "PER" and " " in text and r.random() < 0.5 and re.search(r"(^|\n|, |: |\bet |\bpar |\bavec |\bque |\bpour |; )$", before):
                out.append((title if r.random() < 0.8 else r.choice(TITLES), None))
            out.append((text, label))
            before = text
        return out

    def _order(self, segs, r):
        """NOM Prénom or Nom (Prénom), with the surname in capitals or not."""
        out, capital, bracket = [], r.random() < 0.75, r.random() < 0.3
        for text, label in segs:
            match = label == "PER" and re.fullmatch(r"([^\W\d_][\w.'’-]+)((?: (?:de|du|d'|Le|La|Van|von|de la|El|Ben))? [^\W\d_][\w'’-]+)", text)
            if match:
                last = match[2].strip()
                text = (last.upper() if capital else last) + (f" ({match[1]})" if bracket else " " + match[1])
            out.append((text, label))
        return out

    # typography
    def _upper(self, segs, r):
        mode = r.random()
        if mode < 0.25:
            return [(text.upper(), label) for text, label in segs]
        if mode < 0.45:
            return [(re.sub(r"(?<= )[^\W\d_][\w'’-]+$", lambda m: m[0].upper(), text) if label == "PER" else text, label) for text, label in segs]
        if mode < 0.6:
            return [(text.upper() if label else text, label) for text, label in segs]
        # Whole lines: short ones, as headings are.
        whole = "".join(text for text, _ in segs)
        chars = list(whole)
        share = r.choice([0.15, 0.4])
        for line in re.finditer(r"[^\n]+", whole):
            if r.random() < (0.7 if len(line[0]) < 90 else share * 0.3):
                for i in range(line.start(), line.end()):
                    up = chars[i].upper()
                    chars[i] = up if len(up) == 1 else chars[i]
        return relabel(segs, chars)

    def _lower(self, segs, r):
        """No capitals, as people type; or without punctuation besides, as speech recognition writes; or in the names alone."""
        mode = r.random()
        if mode < 0.15:
            return [(text.lower() if label else text, label) for text, label in segs]
        segs = [(text.lower(), label) for text, label in segs]
        if mode < 0.5:
            return segs
        return [(text if label else re.sub(r"[.,;:!?…«»\"()—–]+(?=\s|$)|(?<!\S)[«\"(—–]+[^\S\n]*", "", text), label) for text, label in segs]

    def _accents(self, segs, r):
        if r.random() < 0.5:
            return [(re.sub(r"[À-Ý]", lambda m: plain(m[0]), text), label) for text, label in segs]
        return [(plain(text), label) for text, label in segs]

    def _apostrophe(self, segs, r):
        sign = r.choice(["’", "’", "´", "' ", "’ "])
        return [(re.sub(r"(?<=\w)['’](?=\w)", sign, text), label) if not text.endswith(("'", "’")) else (re.sub(r"['’]$", sign, text), label) for text, label in segs]

    def _space(self, segs, r):
        """Wikinews sets a space before full stops after links; other texts do not."""
        return [(re.sub(r" (?=[.,](?:\s|$))", "", text), label) for text, label in segs]

    # layout
    def _crop(self, segs, r):
        """Some lines of the document only; long ones cut to a phrase now and then."""
        lines = split_lines(segs)
        if len(lines) > 2:
            start = r.randrange(len(lines) - 1)
            lines = lines[start:start + r.randint(1, len(lines) - start)]
        return [seg for line in lines for seg in line]

    def _wrap(self, segs, r):
        """Paragraphs broken into lines, with hyphens inside words, indentation or bars, as print and scans have them."""
        width = r.randint(24, 88)
        hyphen = r.choice([0.0, 0.3, 0.7])
        lead = r.choice(["", "", "", "  ", "      ", "| "])
        tail = r.choice(["", "", " ", " |"]) if lead == "| " else r.choice(["", "", " "])
        out, column = [], 0
        for text, label in segs:
            made = []
            for token in re.findall(r"\n|[^\S\n]+|\S+", text):
                if token == "\n":
                    made.append("\n")
                    column = 0
                elif column + len(token) > width and column > 8:
                    if token.isspace():
                        made.append(tail + "\n" + lead)
                        column = 0
                        continue
                    match = r.random() < hyphen and re.fullmatch(r"([^\W\d_]{2,}?[aeiouyéèêâîôû])([bcdfgjlmnpqrstvxz][aeiouyéèêâîôû][^\W\d_]*[.,;:]?)", token)
                    if match and made and not made[-1].strip():
                        made.append(match[1] + "-\n" + lead + match[2])
                        column = len(match[2])
                        continue
                    if made and made[-1].isspace() and "\n" not in made[-1]:
                        made[-1] = tail + "\n" + lead
                        column = 0
                    made.append(token)
                    column += len(token)
                else:
                    made.append(token)
                    column += len(token)
            out.append(("".join(made), label))
        return out

    def _ocr(self, segs, r):
        rate = r.choice([0.004, 0.01, 0.02, 0.04])
        out = []
        for text, label in segs:
            made = []
            for index, c in enumerate(text):
                if r.random() < rate:
                    x = r.random()
                    if x < 0.62 and c in OCR:
                        made.append(r.choice(OCR[c]))
                        continue
                    if x < 0.70 and c.isalpha():
                        continue
                    if x < 0.78 and 0 < index < len(text) - 1 and c.isalpha():
                        made.append(c + " ")
                        continue
                    if x < 0.84 and c == " ":
                        continue
                    if x < 0.92 and c == " ":
                        made.append(r.choice([" . ", " ' ", " • ", " ~", "  ", " , "]))
                        continue
                made.append(c)
            new = "".join(made)
            # An entity keeps its letters: noise alone is not a name.
            out.append((new if not label or (new.strip() and new[0] not in " .,'" and new[-1] not in " .,'") else text, label))
        return out


def relabel(segs, chars):
    """Segments with their characters replaced one by one."""
    out, at = [], 0
    for text, label in segs:
        out.append(("".join(chars[at:at + len(text)]), label))
        at += len(text)
    return out


def split_lines(segs):
    lines, line = [], []
    for text, label in segs:
        if label:
            line.append((text, label))
            continue
        parts = text.split("\n")
        for part in parts[:-1]:
            line.append((part + "\n", None))
            lines.append(line)
            line = []
        if parts[-1]:
            line.append((parts[-1], None))
    if line:
        lines.append(line)
    return lines
