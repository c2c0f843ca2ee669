#!/usr/bin/env python3
"""The corpora's marks after the project's own guideline: by patterns where they can tell, by corrections.tsv for single errors.

WiNER and Sequoia mark bare generics (la Commission, le Parlement), towns inside events (Jeux olympiques de |Rio|) and domains of
ministers (ministre de l'|Intérieur|), leave heads outside (ambassade de |France|, massif du |Vercors|), and take buildings for
organisations. Only training reads what this makes; measuring reads the corpora as they are.

Usage: conform.py CORPUS.jsonl ...      what each rule changes, to read
"""
import collections, pathlib, re, sys

from documents import read_corpus, segments, to_record

GENERIC = {"Commission", "Parlement", "Conseil", "État", "Etat", "Cour", "Chambre", "Société", "Gouvernement", "gouvernement", "armée", "Armée",
           "ministère", "Ministère", "gauche", "Gauche", "droite", "Droite", "transport", "transports", "russes", "fisc", "Tribunal", "tribunal",
           "Fédération", "Comité", "comité", "République", "Stade", "Conseil des ministres", "conseil des ministres", "Assemblée", "Union",
           "Communauté", "Communautés", "Parquet", "parquet", "Mairie", "tribunal correctionnel", "comité technique", "communauté internationale"}
ADJECTIVE = r"[a-zéèêçàï-]+"
# A generic head with a demonym: gouvernement ouzbek, désert syrien, frontière turque.
HEAD_AND_DEMONYM = re.compile(rf"(?:[Gg]ouvernement|pouvoir|désert|frontière) {ADJECTIVE}")
GOVERNMENT = re.compile(rf"([Gg]ouvernement (?:{ADJECTIVE} )?(?:de la |du |des |de |de l['’]|d['’]))(.+)")
# Article or preposition inside the mark. L'Express and the like keep theirs.
ARTICLE = re.compile(r"(?:(?:[lL]|[dD]|[qQ]u)['’] ?(?=[A-ZÀ-Þ]|armée|université|hôpital)|(?:du|au|aux) (?=[A-ZÀ-Þ]))")
ARTICLE_OF_NAME = re.compile(r"[lL]['’](?:Express|Obs|Équipe|Equipe|Humanité|Opinion|Orient|Est|Union|Île|Isle|Alpe|Haÿ|Avant)\b")
EVENT = re.compile(r"(?:(?:[Jj]eux|JO)(?: [Oo]lympiques| [Pp]aralympiques)?(?: d['’](?:été|hiver))? (?:de |d['’] ?|du |des )|[Aa]ccords?(?: de paix| politiques| dits?)?(?: «)? (?:de |d['’] ?)(?:« )?"
                   r"|(?:[Tt]raité|[Ss]tatut|[Cc]onvention|[Pp]rotocole|[Gg]uerre|[Bb]ataille|[Cc]hampionnats?|[Rr]allye|[Ff]estival|[Tt]ournoi) (?:de |d['’] ?)"
                   r"|(?:Tour|[Cc]oupe|Open|Grand Prix|Supercopa) (?:de |d['’] ?)|24 [Hh]eures (?:de |d['’] ?|du )|Ironman )$")
DISEASE = re.compile(rf"(?:maladie|syndrome|œdèmes?|oedèmes?)(?: {ADJECTIVE})? (?:de |d['’] ?)$")
PRIZE = re.compile(r"(?:^|\W)[Pp]rix (?:Liste )?$")
MINISTER = re.compile(rf"(?:[Mm]inistres?|[Ss]ecrétaires? d['’][ÉE]tat)(?: {ADJECTIVE})? (?:de l['’] ?|de la |des |du |de |à l['’] ?|à la |aux? )$")
DOMAINS = re.compile(r"(?:Affaires étrangères|Agriculture|Communications?|Culture|Défense|Écologie|Économie|[EÉ]ducation|Équipement|Finances|[Ii]ntérieur|Justice|[Oo]utre-[Mm]er|Postes"
                     r"|Santé|Situations d['’]urgence|Transports|Travail|Trésor|Comptes publics|Sports)(?:(?:,| et)(?: de la| de l['’]| des| du)? ?[\w' ’-]+)*")
# The head is no mark, nor is the craft: la sonde Cassini, la mission Apollo 12.
CRAFT = re.compile(r"(?<!\w)(?:sonde|satellite|rover|robot|fusée|navette|vaisseau|station spatiale|mission|film|série|saga|album|chanson|jeux? vidéos?|dessin animé|arrêt|[Ll]oi|[Rr]apport|amendement|émission)"
                   r"(?: \w+(?:aine|oise|aise|ienne|ique)| spatiale| intitulée?)? (?:« ?)?$")
PREPOSITION = r"(?:de la |de l['’] ?|de |du |des |d['’] ?)"
ORG_HEAD = re.compile(rf"(?<![\w-])((?:[Pp]réfecture(?: de police)?|[Ss]ous-préfecture|[Mm]airie|[Aa]mbassade|[Cc]onsulat(?: général)?|[Tt]ribunal(?: [a-zé]+){{0,3}}|[Uu]niversité(?: {ADJECTIVE})?|[Éé]quipe(?: féminine| masculine)?|[Cc]our d['’]appel|[Cc]our d['’]assises|[Pp]arlement|[Bb]arreau|[Rr]ectorat|CHU"
                      rf"|[Pp]arquet(?: général| fédéral| antiterroriste| financier)?|[Pp]olice(?: judiciaire| municipale)?|(?:[Bb]rigade de )?[Gg]endarmerie|[Cc]ommissariat(?: de police)?|[Cc]entre (?:hospitalier|médical)(?: universitaire)?|[Cc]onseil (?:départemental|régional|général|municipal)|[Zz]oo|[Aa]rchevêché"
                      rf"|[Mm]inistère(?: {ADJECTIVE})?|[Dd]épartement) {PREPOSITION}|(?:[Ll]ycée|[Cc]ollège|[Hh]ôpital|[Oo]bservatoire|[Cc]linique) (?:{PREPOSITION})?)$")
# Un hôpital de Rome is no name.
INDEFINITE = re.compile(r"(?:^|\W)(?:[Uu]ne?|chaque|aucune?|plusieurs) $")
ONLY_DOMAINS = ("inistère", "épartement")
LOC_HEAD = re.compile(rf"(?<![\w-])((?:[Aa]éroport(?: international)?|[Gg]are(?: routière)?|[Ll]ac|[Mm]assif|[Vv]allée|[Ff]orêt|[Pp]ont|[Gg]olfe|[Dd]étroit|[Pp]éninsule|[Bb]aie|[Cc]ol|[Gg]lacier|[Ss]tade(?: olympique)?|[Éé]glise|[Cc]hâteau|[Cc]athédrale|[Îîï]les?|[Rr]ue|[Aa]venue|[Bb]oulevard|[Pp]lage"
                      rf"|[Pp]lateau|[Aa]rchipel|[Vv]olcan|[Cc]ratère|[Pp]rison|[Aa]utoroute|[Bb]ase aérienne|[Cc]entrale nucléaire|[Tt]unnel|[Cc]entre commercial|[Cc]arrefour|[Mm]osquée(?: sunnite| chiite)?|[Mm]aison d['’]arrêt|[Hh]ôtel|[Cc]rête|[Rr]ivière|[Cc]imetière|[Oo]céan) (?:{PREPOSITION})?"
                      rf"|(?:[Mm]er|[Mm]ont|[Cc]irque|[Dd]ésert) (?:{PREPOSITION})?|[Tt]our )$")
BUILDING = re.compile(r"(?i)(?!stade (?:de reims|rennais|français|toulousain|brestois)|église épiscopale)(?:(?:palais|église|cathédrale|mosquée|grande mosquée|basilique|synagogue|gare|aéroport|stade|pont|place|rue|château|île|cimetière|prison|hôtel) .+|.+ (?:arena|hotel))")
PALACE = re.compile(r"Maison[ -][Bb]lanche|Kremlin|Pentagone|Matignon|Vatican|[EÉ]lysée|Quai d['’]Orsay|Bercy")
# What the longest name takes in after an organisation: Sénat du |Burundi|, Chambre des représentants des |États-Unis|.
OF_COUNTRY = re.compile(r" ?(?:de la |de l['’] ?|du |des |d['’] ?)")
BODY = re.compile(r"Sénat|Chambre des (?:représentants|députés)|Assemblée nationale|Cour (?:suprême|constitutionnelle)|Conseil de rédaction de la loi|Parti des travailleurs|[Ll]ycée [\w-]+|[Hh]ôpital de [\w-]+")

HERE = pathlib.Path(__file__).resolve().parent


def read_corrections(path=HERE / "corrections.tsv"):
    """`{document or "*": [(span, label, new span, new label)]}`; "-" for no label."""
    corrections = collections.defaultdict(list)
    for line in path.read_text(encoding="utf8").splitlines()[1:]:
        document, span, label, new, made = line.split("\t")
        corrections[document].append((span, None if label == "-" else label, new, None if made == "-" else made))
    return corrections


def correct(name, segs, corrections, report):
    """Marks of a document moved, relabelled, dropped or added. A new span overlaps the old one; where it is not in the text the row does nothing."""
    record = to_record(segs)
    text, entities = record["text"], record["entities"]
    for span, label, new, made in corrections["*"] + corrections[name]:
        if label is None:
            found = [(m.start(), m.end()) for m in re.finditer(rf"(?<!\w){re.escape(new)}(?!\w)", text)]
        else:
            marks = [e for e in entities if e["label"] == label and text[e["start"]:e["end"]] == span]
            at = [text.find(new, max(0, e["start"] - len(new) + 1), e["end"] + len(new) - 1) for e in marks]
            found = [(start, start + len(new)) for start in at if start >= 0]
        for start, end in found:
            over = [e for e in entities if e["start"] < end and start < e["end"]]
            if label is None and over:
                continue
            report["corrections.tsv"].append((name, f"{span}/{label} -> {new}/{made}"))
            entities = [e for e in entities if e not in over] + ([{"start": start, "end": end, "label": made}] if made else [])
    return segments(text, entities)


def dropped(text, label, before):
    """The rule by which the mark is none, or nothing."""
    if text in GENERIC:
        return "generic"
    if HEAD_AND_DEMONYM.fullmatch(text):
        return "head and demonym"
    if label == "ORG" and MINISTER.search(before) and DOMAINS.fullmatch(text):
        return "minister's domain"
    if EVENT.search(before) and (label == "LOC" or PALACE.fullmatch(text)):
        return "event"
    if label != "ORG" and DISEASE.search(before):
        return "disease"
    if label == "PER" and PRIZE.search(before):
        return "prize"
    if label == "PER" and CRAFT.search(before):
        return "craft, work, law"


def widened(text, label, before):
    """`(head, label)` of a head that belongs to the name."""
    for pattern, made in ((ORG_HEAD, "ORG"), (LOC_HEAD, "LOC")):
        head = pattern.search(before)
        if not head or not text[:1].isupper() or label not in ("LOC", "PER", made):
            continue
        if INDEFINITE.search(before[:head.start()]) and "quipe" not in head[1]:
            continue
        if any(part in head[1] for part in ONLY_DOMAINS):
            if DOMAINS.fullmatch(text):
                return head[1], made
        elif label == "LOC" or "quipe" not in head[1] and (label != "PER" or not head[1].endswith(("de ", "d'", "d’"))) and "olice" not in head[1]:
            if head[1].strip() not in ("Tour", "tour") or text == "Eiffel":
                return head[1], made
    return None


def conform(name, segs, corrections, report=None):
    report = collections.defaultdict(list) if report is None else report
    out = [["", None]]

    def put(text, label):
        if label is None and out[-1][1] is None:
            out[-1][0] += text
        elif text:
            out.append([text, label])

    def note(rule, text):
        report[rule].append((name, f"{before[-40:]}|{text}|"))

    for text, label in correct(name, segs, corrections, report):
        before = out[-1][0] if out[-1][1] is None else ""
        if label:
            government = GOVERNMENT.fullmatch(text)
            article = label != "PER" and not ARTICLE_OF_NAME.match(text) and ARTICLE.match(text)
            if government:
                note("government of", text)
                put(government[1], None)
                text, label = government[2], "LOC"
            elif article:
                note("article", text)
                put(article[0], None)
                text = text[article.end():]
            before = out[-1][0] if out[-1][1] is None else ""
            rule = dropped(text, label, before)
            if rule:
                note(rule, text)
                label = None
        if label == "ORG" and (BUILDING.fullmatch(text) or PALACE.fullmatch(text)):
            note("building", text)
            label = "LOC"
        if label and before:
            wide = widened(text, label, before)
            if wide:
                head, label = wide
                note(f"head, {label}", text)
                out[-1][0] = before[:-len(head)]
                text = head + text
        if label == "LOC" and len(out) > 2 and OF_COUNTRY.fullmatch(before) and out[-2][1] == "ORG" and BODY.fullmatch(out[-2][0]):
            note("body of a country", out[-2][0] + before + text)
            out[-2][0] += before + text
            out.pop()
            continue
        put(text, label)
    return [(text, label) for text, label in out if text]


def main():
    corrections, report = read_corrections(), collections.defaultdict(list)
    for path in sys.argv[1:]:
        for name, segs in read_corpus(path):
            conform(name, segs, corrections, report)
    for rule, changes in sorted(report.items()):
        for name, change in changes:
            print(rule, name, change.replace("\n", "⏎"), sep="\t")
        print(f"{rule}: {len(changes)} marks", file=sys.stderr)


if __name__ == "__main__":
    main()
