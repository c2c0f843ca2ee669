"""Sentences of many genres with made-up names: the marks follow the guideline, the names never repeat.

They teach where names begin and end (seats of courts, embassies, heads of places, lists of surnames), and what is none
(craft, works, ships, products, demonyms), not facts.
"""
import re

import names
from documents import from_markup
from names import mark

MONTHS = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre".split()
FUNCTIONS = """président|directeur|secrétaire général|trésorier|rapporteur|conseiller|préfet|sous-préfet|maire|adjoint au maire|ingénieur|professeur|
greffier|notaire|avocat|instituteur|chef de service|inspecteur|médecin|attaché|ambassadeur|commissaire|colonel|capitaine|député|sénateur|
ministre|chancelier|premier secrétaire|consul|gérant|porte-parole|chercheur|curé|architecte|contremaître""".replace("\n", "").split("|")
TITLES = ["M. ", "M. ", "M. ", "Mme ", "Mme ", "Mlle ", "Me ", "Mgr ", "Dr ", "le docteur ", "le général ", "le colonel ", "le professeur ", "le président ", "le ministre ", "S.E.M. ", "S. E. M. ", "S.E. Mme ", "S. Exc. M. ", "l'abbé ", "le sieur ", "la dame ", "le juge ", "l'ambassadeur ", "le capitaine ", "la députée ", "Monsieur ", "Madame ", "le préfet ", "la sénatrice ", "sœur ", "le père ", "le roi ", "maître ", "le baron "]
DISTRACTORS = """La Commission a rendu son avis.|Le Conseil s'est réuni à huis clos.|L'État n'a pas répondu.|La Cour rejette le pourvoi.|Le Gouvernement prendra ses responsabilités.|La République ne cède pas.|Le Premier ministre a reçu le préfet.|Les Français, les Anglais et les Kazakhs étaient représentés.|
Il parle le russe, le breton et un peu d'arabe.|La séance est levée à dix-huit heures.|Le Président de la République nomme aux emplois civils.|La loi Veil et les accords d'Évian furent cités.|Le prix Goncourt ne l'intéressait pas.|Une Peugeot grise stationnait devant la porte.|L'Assemblée générale approuve le rapport moral à l'unanimité.|
Le Comité demande un complément d'information.|La société fut dissoute l'année suivante.|Le Parlement n'a pas été saisi.|La Chambre passa à l'ordre du jour.|Le tribunal se déclare incompétent.|L'Administration fera connaître sa décision.|La Haute Assemblée a voté conforme.|Pendant la guerre du Golfe, les cours ont doublé.|La Société compte trois cents membres.|
Le navire Ville-de-Tamatave a sombré.|Les Airbus livrés cette année sont au nombre de neuf.|Le Vendredi saint, tout ferme.|Bonjour à tous, merci de votre présence !|Attendu que la preuve n'est pas rapportée ;|Vu le code de l'environnement ;|Vu le code général des collectivités territoriales ;|Considérant ce qui suit :|L'ordre du jour est épuisé.|Nul n'est censé ignorer la loi.|
Article 3. – Le présent arrêté sera publié au Journal officiel.|Les tours de la ville et l'orange du marchand.|Fait en trois exemplaires, chacun faisant foi.|La Partie kazakhstanaise notifiera son accord.|Les deux Parties conviennent de se revoir.|Le Secrétaire général, le Trésorier et le Rapporteur sont reconduits.|Le Tour de France passe demain.|La Renaissance et le Moyen Âge sont au programme.""".replace("\n", "").split("|")


# Kind of craft, with article, and whether feminine.
CRAFT = [("la sonde", 1), ("la sonde spatiale", 1), ("le satellite", 0), ("le rover", 0), ("le robot", 0), ("la station spatiale", 1), ("la navette", 1), ("le télescope spatial", 0), ("l'atterrisseur", 0), ("la fusée", 1), ("le vaisseau", 0), ("le module lunaire", 0)]
WORK = [("le jeu", "Le joueur", 0), ("le jeu vidéo", "Le joueur", 0), ("le film", "Le spectateur", 0), ("la série", "Le public", 1), ("le roman", "Le lecteur", 0), ("l'album", "L'auditeur", 0), ("la chanson", "Le public", 1), ("le documentaire", "Le spectateur", 0), ("la pièce", "Le public", 1)]
SHIP = ["le cargo", "le chalutier", "le paquebot", "le pétrolier", "le voilier", "le trois-mâts", "le porte-avions", "le sous-marin", "le remorqueur", "le brick", "l'aviso", "le patrouilleur"]
# What industry makes and does.
MADE = [("le moteur", 0), ("l'hélicoptère", 0), ("la turbine", 1), ("la rame", 1), ("le réacteur", 0), ("le satellite", 0), ("le radar", 0), ("le camion", 0), ("le vaccin", 0), ("le pneu", 0), ("le logiciel", 0), ("la centrale", 1), ("le compresseur", 0), ("la grue", 1), ("le missile", 0), ("le tramway", 0), ("l'avion", 0), ("la montre", 1), ("le téléphone", 0), ("la machine", 1)]
FIELDS = "dans le domaine spatial|dans le domaine des hélicoptères|dans le domaine de l'eau|dans le nucléaire|dans les télécommunications|dans le secteur ferroviaire|dans la formation des ingénieurs|dans les terres rares|en matière de défense|dans l'agroalimentaire".split("|")
PROJECTS = "de métro léger|de cimenterie|d'usine d'engrais|de station de traitement des eaux|de modules photovoltaïques|de centre de données|de raffinerie|de laboratoire|de parc éolien|de terminal à conteneurs|de communications sécurisées|de verrerie".split("|")
PRODUCT = [("le médicament", 0), ("le vaccin", 0), ("la tablette", 1), ("le smartphone", 0), ("l'application", 1), ("la voiture électrique", 1), ("le logiciel", 0), ("la messagerie", 1), ("la plateforme", 1), ("la montre", 1), ("le fromage", 0), ("la lessive", 1)]
ANIMALS = [("le panda", 0), ("la girafe", 1), ("le rhinocéros", 0), ("l'éléphante", 1), ("le tigre", 0), ("la jument", 1), ("l'ourse", 1), ("le gorille", 0), ("la louve", 1)]
DEMONYMS = [tuple(x.split("/")) for x in """Chinois/Chinoise/Chinois|Russe/Russe/Russes|Suisse/Suissesse/Suisses|Britannique/Britannique/Britanniques|Australien/Australienne/Australiens|Kenyan/Kenyane/Kenyans|Brésilien/Brésilienne/Brésiliens|Kazakh/Kazakhe/Kazakhs|
Allemand/Allemande/Allemands|Américain/Américaine/Américains|Norvégien/Norvégienne/Norvégiens|Belge/Belge/Belges|Iranien/Iranienne/Iraniens|Catalan/Catalane/Catalans|Breton/Bretonne/Bretons|Niçois/Niçoise/Niçois|Lyonnais/Lyonnaise/Lyonnais|Corse/Corse/Corses|
Néo-Zélandais/Néo-Zélandaise/Néo-Zélandais|Sud-Africain/Sud-Africaine/Sud-Africains|Tchèque/Tchèque/Tchèques|Marocain/Marocaine/Marocains|Ouzbek/Ouzbèke/Ouzbeks|Basque/Basque/Basques""".replace("\n", "").split("|")]
PEOPLES = "Rohingya Swazi Inuit Peul Hutu Tutsi Hmong Pachtoune Touareg Maori Bantou Kikuyu Haoussa Yoruba Zoulou Massaï Ouïghour Kanak Tamoul Dogon".split()
# Acronyms of no organisation, with their article.
COMMON_ACRONYMS = "le PIB|la TVA|le SMIC|les PME|les ONG|le VIH|le SIDA|l'IVG|l'ADN|les SDF|le PDG|les HLM|les OGM|la CSG|le RSA|les TGV|le RER|la PMA|l'ISF|le CDI|le CDD|les SMS|l'ESB|le GPS|l'IRM|les AVC|le PLU|la QPC|l'OPA|les EHPAD|la RTT|le BTS|le CAP|le QR code|l'UTC|l'USD|la VHF|le DVD|la RN12|le TER".split("|")
HEADS_OF_STATE = "le président|la présidente|le Premier ministre|la Première ministre|le chef de l'État|le ministre des Affaires étrangères|la ministre de la Défense|l'ambassadeur|l'ancien président|le vice-président|le consul".split("|")


def of(name, label=None, word="de"):
    """`d'{{Albi#PER}}`, `que {{Koffi#PER}}`."""
    return (word[:-1] + "'" if elided(name) else word + " ") + mark(name, label)


def elided(name):
    """Whether de and que lose their vowel before a name; acronyms and codes keep it."""
    return names.elides(name) and not re.match(r"H[A-Z]|[A-Z.]{2,5}$", name)


def contracted(marked):
    """`de le` and `de {{Aino` as French writes them."""
    marked = re.sub(r"\b(d|D)([eE]) ([lL])\2 ", lambda m: m[1] + ("U " if m[2] == "E" else "u "), marked)
    marked = marked.replace(" à le ", " au ").replace(" À LE ", " AU ")
    return re.sub(r"\b([Dd]|[Qq]u)e \{\{([^#{}]+)", lambda m: f"{m[1]}'{{{{{m[2]}" if elided(m[2]) else m[0], marked)


def capital(text):
    return text[:1].upper() + text[1:]


class Maker:
    def __init__(self, lists):
        self.names = names.Names(lists)
        self.genres = [getattr(self, name) for name in dir(self) if name.startswith("_genre_")]

    def document(self, r):
        unit = r.choice(self.genres)
        parts = []
        for _ in range(r.choice([1, 2, 3, 4])):
            parts.append(unit(r))
            if r.random() < 0.25:
                parts.append(r.choice(DISTRACTORS))
        marked = r.choice(["\n", "\n", "\n\n", " "]).join(parts) + "\n"
        return from_markup(contracted(marked.replace("’", "'")))

    # slots
    def per(self, r, title=0.0):
        first, last = self.names.person(r)
        x = r.random()
        if x < 0.07:
            last = last.upper()
        name = f"{last.upper()} {first}" if x > 0.97 else f"{first} {last}"
        return (r.choice(TITLES) if r.random() < title else "") + mark(name, "PER")

    def surname(self, r):
        name = self.names.last(r)
        return mark(name.upper() if r.random() < 0.15 else name, "PER")

    def town(self, r):
        return self.names.town(r)

    def official(self, r):
        """`Rouvière (Anselme-Paul)`, one mention."""
        last, first = self.names.last(r), self.names.first(r)
        first += r.choice(["", "", "-" + self.names.first(r), " " + self.names.first(r)])
        if r.random() < 0.2:
            first = first[0] + "."
        return mark(f"{last.upper() if r.random() < 0.4 else last} ({first})", "PER")

    def org(self, r):
        """An organisation without article, marked, as in a list or after a preposition that stays."""
        x = r.random()
        if x < 0.35:
            return mark(self.names.institution(r).name, "ORG")
        if x < 0.7:
            return mark(self.names.firm(r), "ORG")
        if x < 0.85:
            return mark(self.names.acronym(r), "ORG")
        return mark(self.names.paper(r), "ORG")

    def date(self, r):
        return f"{r.choice(['1er', *map(str, range(2, 29))])} {r.choice(MONTHS)} {r.randint(1880, 2024)}"

    def l_acronym(self, r):
        name = self.names.acronym(r)
        vowel = name[0] in "AEIOU" or name[0] in "FLMNRS" and r.random() < 0.3
        return ("l'" if vowel else r.choice(["la ", "le "])) + mark(name, "ORG")

    def place(self, r):
        return r.choice([self.names.feature, self.names.country, self.names.state, self.names.departement, self.names.region, self.names.feature])(r)

    # genres
    def _genre_press(self, r):
        n, t = self.names, self.town(r)
        i, p = n.institution(r), self.place(r)
        return r.choice([
            lambda: f"{t.name.upper()} – {self.per(r)}, {r.choice(FUNCTIONS)} {i.de('ORG')}, s'est rendu {self.town(r).a('LOC')}.".replace(t.name.upper(), mark(t.name.upper(), "LOC"), 1),
            lambda: f"Selon {mark(n.paper(r), 'ORG')}, {self.per(r, .4)} quitterait {mark(n.firm(r), 'ORG')} pour {mark(n.firm(r), 'ORG')}.",
            lambda: f"Le groupe {mark(n.firm(r), 'ORG')} va fermer son usine {t.de('LOC')}, a annoncé {self.per(r)}.",
            lambda: f"L'incendie s'est déclaré {r.choice(['près', 'au nord', 'non loin', 'autour'])} {p.de('LOC')}, {'entre ' + t.bare('LOC') + ' et ' + self.town(r).bare('LOC')}.",
            lambda: f"{mark(n.acronym(r), 'ORG')}, {mark(n.acronym(r), 'ORG')} et {mark(n.acronym(r), 'ORG')} appellent à manifester {t.a('LOC')}.",
            lambda: f"{self.per(r)} ({mark(n.firm(r), 'ORG')}) et {self.per(r)} ({mark(n.acronym(r), 'ORG')}) ont signé {t.a('LOC')} un contrat de {r.randint(2, 90)} millions d'euros.",
            lambda: f"« On ne lâchera rien », prévient {self.per(r)}, habitante {t.de('LOC')}. {mark(n.last(r), 'PER')} et {self.surname(r)} approuvent.",
            lambda: f"{i.the('ORG')[0].upper() + i.the('ORG')[1:] if not i.the('ORG').startswith('{') else i.the('ORG')} a condamné {self.per(r)} à six mois de prison avec sursis.",
            lambda: f"Les ministres de l'Intérieur {self.names.country(r).de('LOC')} et {self.names.country(r).de('LOC')} se sont entretenus {t.a('LOC')} avec {self.per(r, .3)}.",
            lambda: f"De {t.bare('LOC')} à {mark(r.choice(n.lists['cities']), 'LOC')}, {self.surname(r)} aura parcouru neuf cents kilomètres le long {mark(r.choice(names.RIVERS_F), 'LOC').join(['de la ', ''])}.",
            lambda: f"Le trafic est interrompu {r.choice(['sur', 'devant', 'à hauteur de'])} {p.the('LOC')}, indique {i.the('ORG')}.".replace("de le ", "du ").replace("de les ", "des "),
            lambda: f"Le département {n.departement(r).de('LOC')} et la région {n.region(r).bare('LOC')} financent {r.choice(['la crèche', 'le gymnase', 'la piscine'])} {t.de('LOC')}.",
            lambda: f"Né {t.a('LOC')} en {r.randint(1900, 1990)}, {self.per(r)} a étudié {r.choice(['au', 'au'])} {mark('lycée ' + r.choice(names.LAST), 'ORG')} avant d'entrer chez {mark(n.firm(r), 'ORG')}.",
        ])()

    def _genre_law(self, r):
        n, t = self.names, self.town(r)
        i = n.institution(r)
        firm = mark(n.firm(r), "ORG")
        return r.choice([
            lambda: f"Par jugement du {self.date(r)}, le {mark(r.choice(['tribunal de grande instance', 'tribunal judiciaire', 'tribunal de commerce', 'tribunal administratif', 'tribunal correctionnel']) + ' ' + t.de(), 'ORG')} a débouté {self.per(r, .5)} de ses demandes contre la société {firm}.",
            lambda: f"Sur le pourvoi formé par : {r.choice(['1°/ ', '1) ', ''])}{self.per(r, .8)}, domicilié {mark(n.street(r), 'LOC')}, {r.randint(10000, 95000)} {t.bare('LOC')} ; contre l'arrêt rendu par la {mark('cour d’appel '.replace('’', chr(39)) + self.town(r).de(), 'ORG')}.",
            lambda: f"Vu les observations de la {mark('SCP ' + ', '.join(n.last(r) for _ in range(r.choice([1, 2, 3]))) + ' et ' + n.last(r), 'ORG')}, avocat de {self.per(r, .7)}, et de la {mark('SCP ' + n.last(r) + '-' + n.last(r), 'ORG')}, avocat de {firm} ;",
            lambda: f"ENTRE : {self.per(r, .6)}, né le {self.date(r)} {t.a('LOC')}, {r.choice(FUNCTIONS)}, ET : {firm}, dont le siège est {mark(n.street(r), 'LOC')} {self.town(r).a('LOC')}.",
            lambda: f"Attendu que les époux {self.surname(r)} et les consorts {self.surname(r)} ont vendu à la {mark('SCI ' + r.choice(['Les Tilleuls', 'du Parc', 'Le Clos', n.last(r)]), 'ORG')} un immeuble sis {t.a('LOC')} ;",
            lambda: f"Me {self.surname(r)}, {r.choice(['notaire', 'avocat au barreau', 'huissier'])} {t.a('LOC')}, assisté de Me {self.per(r)}, substituant Me {self.surname(r)}",
            lambda: f"{mark(i.name.upper(), 'ORG')}\nAudience publique du {self.date(r)}\nPrésident : {self.per(r, .6)} – Greffier : {self.per(r, .5)}",
            lambda: f"{mark(n.state(r).name.upper() if r.random() < .5 else 'RÉPUBLIQUE FRANÇAISE', 'LOC')}\nAU NOM DU PEUPLE FRANÇAIS\n{r.choice([mark(i.name.upper(), 'ORG'), mark('COUR D’APPEL '.replace('’', chr(39)) + t.de().upper(), 'ORG')])}",
            lambda: f"La requête de {self.per(r, .7)} tendant à l'annulation de la décision {i.de('ORG')} est rejetée.",
            lambda: f"Considérant que le maire {t.de('LOC')} a refusé le permis sollicité par {firm} ; que {i.the('ORG')} a confirmé ce refus ;",
        ])()

    def _genre_administration(self, r):
        n, t = self.names, self.town(r)
        d = n.departement(r)
        return r.choice([
            lambda: f"{mark('RÉPUBLIQUE FRANÇAISE' if r.random() < .7 else 'République française', 'LOC')}\n{mark((lambda x: x.upper() if r.random() < .6 else x)('préfecture ' + d.de()), 'ORG')}\nArrêté n° {r.randint(1, 999)} portant {r.choice(['délégation de signature', 'autorisation de travaux', 'nomination'])}",
            lambda: f"Le préfet {d.de('LOC')}, chevalier de la Légion d'honneur, arrête : {self.per(r, .9)} est nommé {r.choice(FUNCTIONS)} {n.institution(r).de('ORG')}.",
            lambda: f"La commune {t.de('LOC')}, représentée par son maire {self.per(r, .6)}, et le {mark('syndicat mixte ' + r.choice(['du bassin ', 'des eaux ', 'de transport ']) + self.town(r).de(), 'ORG')}",
            lambda: f"Le conseil municipal, réuni sous la présidence de {self.per(r, .9)}, approuve la convention avec {n.institution(r).the('ORG')} et {self.l_acronym(r)}.",
            lambda: f"Présents : {', '.join(mark(n.last(r).upper() + ' ' + n.first(r), 'PER') for _ in range(r.randint(2, 5)))}.\nExcusés : {', '.join(self.per(r, .5) for _ in range(r.randint(1, 3)))}.",
            lambda: f"Les travaux de la {mark(n.street(r), 'LOC')} et de la {mark(n.street(r), 'LOC')}, {t.a('LOC')}, sont confiés à l'entreprise {mark(n.firm(r), 'ORG')}.",
            lambda: f"Par décret du Président de la République en date du {self.date(r)}, {self.per(r, .9)}, {r.choice(FUNCTIONS)}, est affecté {r.choice(['à la', 'à la'])} {mark('préfecture ' + d.de(), 'ORG')}.",
            lambda: f"{mark(n.institution(r).name.upper(), 'ORG')}\n{mark(n.street(r), 'LOC')}\n{r.randint(10000, 97000)} {mark(t.name.upper() if r.random() < .6 else t.name, 'LOC')}{r.choice(['', ' CEDEX', ' Cedex 2'])}",
            lambda: f"Destinataires : {mark('ministère ' + r.choice(names.MINISTRIES), 'ORG')} ; {n.institution(r).bare('ORG')} ; mairies {t.de('LOC')} et {self.town(r).de('LOC')} ; {mark(n.acronym(r), 'ORG')}.",
            lambda: f"L'{mark('agence régionale de santé', 'ORG')} et la {mark('caisse primaire d’assurance maladie '.replace('’', chr(39)) + d.de(), 'ORG')} ont signé une convention avec {n.institution(r).the('ORG')}.",
        ])()

    def _genre_parliament(self, r):
        n, t = self.names, self.town(r)
        return r.choice([
            lambda: f"{r.choice(['M.', 'Mme', 'M.'])} {self.per(r)}. {r.choice(['Je remercie', 'J’interroge'])} {r.choice(['M.', 'Mme'])} {self.surname(r)} {r.choice(['de sa réponse', 'sur la fermeture de la maternité ' + t.de('LOC')])}.",
            lambda: f"{r.choice(['M.', 'Mme'])} {self.per(r)} ({mark(n.acronym(r), 'ORG')}). – La {mark(n.country(r).name, 'LOC')} attend ! ({r.choice(['Applaudissements', 'Protestations'])} sur les bancs du groupe {mark(n.acronym(r), 'ORG')}.)".replace("La {{", "{{"),
            lambda: f"La parole est à {r.choice(['M.', 'Mme'])} {self.per(r)}, pour soutenir l'amendement n° {r.randint(1, 400)}.",
            lambda: f"Ont voté pour : MM. {', '.join(self.surname(r) for _ in range(r.randint(2, 5)))} et {self.per(r)} ; Mmes {self.surname(r)} et {self.surname(r)}.",
            lambda: f"MM. {self.surname(r)} et {self.surname(r)}, Mme {self.per(r)} et M. {self.surname(r)} demandent le renvoi devant la {mark('commission ' + r.choice(['des lois', 'des finances', 'des affaires étrangères', 'des affaires sociales']), 'ORG')}.",
            lambda: f"Le {mark('Sénat', 'ORG')} et l'{mark('Assemblée nationale', 'ORG')} ont entendu {self.per(r, .9)}, {r.choice(FUNCTIONS)} {n.institution(r).de('ORG')}.",
            lambda: f"Question n° {r.randint(100, 9999)} de {r.choice(['M.', 'Mme'])} {self.per(r)} ({mark(n.departement(r).name, 'LOC')} – {mark(n.acronym(r), 'ORG')}) au ministre de l'agriculture",
            lambda: f"Dans ma circonscription {n.departement(r).de('LOC')}, de {t.bare('LOC')} à {self.town(r).bare('LOC')}, {n.institution(r).the('ORG')} ferme un guichet sur deux.",
        ])()

    def _genre_diplomacy(self, r):
        n, t = self.names, self.town(r)
        s, s2, c, c2 = n.state(r), n.state(r), n.country(r), n.country(r)
        return r.choice([
            lambda: f"ACCORD ENTRE LE GOUVERNEMENT {mark(s.name.upper(), 'LOC').join([{'f': 'DE LA ', 'm': 'DU ', 'v': 'DE L’', 'w': 'DE L’'}[s.kind].replace('’', chr(39)), ''])} ET LE GOUVERNEMENT {mark(s2.name.upper(), 'LOC').join([{'f': 'DE LA ', 'm': 'DU ', 'v': 'DE L’', 'w': 'DE L’'}[s2.kind].replace('’', chr(39)), ''])}",
            lambda: f"Le gouvernement {s.de('LOC')} et le gouvernement {s2.de('LOC')}, ci-après dénommés les Parties,",
            lambda: f"L'{mark('ambassade ' + c.de(article=False) + ' ' + c2.a(), 'ORG')} présente ses compliments au {mark('ministère des Affaires étrangères ' + s.de(), 'ORG') if r.random() < .5 else mark('ministère des Affaires étrangères', 'ORG')}.",
            lambda: f"{r.choice(['S.E.M.', 'S. E. M.', 'S.E. Mme', 'Son Excellence Monsieur', 'S. Exc. M.'])} {self.per(r)}, ambassadeur {c.de('LOC', article=False)} {c2.a('LOC')}, a remis ses lettres de créance.",
            lambda: f"Pour le Gouvernement {s.de('LOC')} : {self.per(r, .5)}\nPour le Gouvernement {s2.de('LOC')} : {self.per(r, .5)}\nFait {t.a('LOC')}, le {self.date(r)}.",
            lambda: f"Le président {self.surname(r)} a évoqué avec {self.per(r, .7)} la sécurité {n.feature(r).de('LOC')} et l'adhésion {c.de('LOC')} à {self.l_acronym(r)}.",
            lambda: f"TÉLÉGRAMME\nDE : {mark(t.name.upper(), 'LOC')}\nOBJET : Entretien avec {self.per(r, .8)} ({mark(n.firm(r), 'ORG')}) sur {n.feature(r).the('LOC')}",
            lambda: f"La {mark('République française', 'LOC')} et {s.the('LOC')} se félicitent du rôle {n.institution(r).de('ORG')} et de l'{mark(r.choice(['ONU', 'OSCE', 'OTAN', 'Union européenne', 'Organisation mondiale de la santé', 'UNESCO', 'Union africaine']), 'ORG')}.",
            lambda: f"Les délégations {c.de('LOC')}, {c2.de('LOC')} et {n.country(r).de('LOC')} ont visité {n.feature(r).the('LOC')}.",
            lambda: f"{self.per(r, .9)} est arrivé {c.a('LOC')} pour rencontrer le ministre {r.choice(['des Affaires étrangères', 'de la Défense'])}, {self.per(r)}, au sujet {n.feature(r).de('LOC')}.",
        ])()

    def _genre_letters(self, r):
        n, t = self.names, self.town(r)
        return r.choice([
            lambda: f"{t.bare('LOC')}, le {self.date(r)}\n{r.choice(['Mon cher', 'Ma chère', 'Cher'])} {mark(n.first(r), 'PER')},\nJ'ai vu {self.per(r, .4)} {self.town(r).a('LOC')} ; elle part {n.country(r).a('LOC')} avec {mark(n.first(r), 'PER')}.",
            lambda: f"{self.per(r)}\n{mark(n.street(r), 'LOC')}\n{r.randint(10000, 97000)} {mark(t.name.upper() if r.random() < .5 else t.name, 'LOC')}",
            lambda: f"Je vous prie d'agréer, Monsieur le Directeur, mes salutations distinguées.\n{self.per(r)}\n{r.choice(FUNCTIONS).capitalize()}, {mark(n.firm(r), 'ORG')}",
            lambda: f"{mark(n.first(r), 'PER')} et {mark(n.first(r), 'PER')} t'embrassent. La tante {mark(n.first(r), 'PER')} est à l'hospice {t.de('LOC')}.",
            lambda: f"Embrasse {mark(n.first(r), 'PER')} et les {self.surname(r)} ; nous avons passé {n.feature(r).the('LOC')} dimanche.",
        ])()

    def _genre_minutes(self, r):
        n, t = self.names, self.town(r)
        rows = "\n".join(f"{mark(n.last(r).upper(), 'PER').replace('#PER', ' ' + n.first(r) + '#PER')}{r.choice([' – ', ' : ', ', ', ' | '])}{r.choice([mark(n.acronym(r), 'ORG'), mark(n.firm(r), 'ORG'), n.institution(r).bare('ORG'), r.choice(FUNCTIONS)])}" for _ in range(r.randint(2, 6)))
        return r.choice([
            lambda: f"{r.choice(['Étaient présents :', 'PARTICIPANTS', 'Liste d’émargement'])}\n{rows}",
            lambda: f"{self.per(r, .5)} ({self.org(r)}) signale que {self.l_acronym(r)} n'a pas répondu à {r.choice(['M.', 'Mme'])} {self.surname(r)}.",
            lambda: f"Secrétaire de séance : {self.per(r, .2)}. Invités : {self.per(r, .2)} ({self.org(r)}), {self.per(r, .2)} ({self.org(r)}).",
            lambda: f"L'assemblée générale de l'association {mark(r.choice(['Les Amis ', 'Mémoire ', 'Avenir ']) + t.de(), 'ORG')} s'est tenue {r.choice(['salle des fêtes', 'au foyer'])}, {mark(n.street(r), 'LOC')}.",
            lambda: f"Ont été élus : président, {self.per(r)} ; trésorière, {self.per(r)} ; secrétaire, {self.per(r)}.",
            lambda: f"| Nom | Organisme | Ville |\n" + "\n".join(f"| {r.choice([self.per(r), mark(n.last(r).upper() + ' ' + n.first(r), 'PER')])} | {self.org(r)} | {self.town(r).bare('LOC')} |" for _ in range(r.randint(1, 4))),
        ])()

    def _genre_old_press(self, r):
        n, t = self.names, self.town(r)
        return r.choice([
            lambda: f"{mark(t.name, 'LOC')}, {r.randint(2, 28)} {r.choice(MONTHS)}. — {r.choice(['Le général', 'Le prince', 'M.', 'Le comte'])} {self.surname(r)} est parti hier pour {self.town(r).bare('LOC')}. ({mark(r.choice(['Havas', 'Reuter', 'Agence Havas', 'Wolff']), 'ORG')}.)",
            lambda: f"{r.choice(['Le sieur', 'M.', 'Le nommé'])} {self.official(r)}, {r.randint(17, 70)} ans, {r.choice(['journalier', 'terrassier', 'marchand de vins'])}, {mark(n.street(r), 'LOC')}, a été conduit {r.choice(['à l’', 'à l’']).replace('’', chr(39))}{mark('hôpital ' + r.choice(['Saint-Louis', 'Beaujon', 'Lariboisière', 'Tenon']), 'ORG')}.",
            lambda: f"M. {self.surname(r)}, {r.choice(FUNCTIONS)} {t.a('LOC')}, est nommé en remplacement de M. {self.surname(r)}, décédé. M. {self.per(r)} passe {self.town(r).a('LOC')}.",
            lambda: f"On lit dans {mark(n.paper(r), 'ORG')} : « Les troupes {n.country(r).de('LOC')} ont franchi {n.feature(r).the('LOC')}. »",
            lambda: f"MM. {self.surname(r)}, {self.surname(r)} et {self.surname(r)}, délégués {n.institution(r).de('ORG')}, ont été reçus par M. {self.surname(r)}.",
            lambda: f"Théâtre : {r.choice(['Mlle', 'Mme'])} {self.surname(r)} et M. {self.surname(r)} ont triomphé {t.a('LOC')}.",
            lambda: f"La {mark(r.choice(['Compagnie', 'Société', 'Banque']) + ' ' + r.choice(['des mines', 'du gaz', 'des chemins de fer', 'des tramways']) + ' ' + t.de(), 'ORG')} paiera son coupon le {r.randint(2, 28)} {r.choice(MONTHS)}.",
        ])()

    def _genre_social(self, r):
        n, t = self.names, self.town(r)
        tag = t.name.replace("-", "").replace(" ", "").replace("'", "")
        return r.choice([
            lambda: f"merci @{mark(n.first(r) + n.last(r).replace(' ', '').replace(chr(39), ''), 'PER')} pour le live {t.a('LOC')} !! #{mark(tag, 'LOC')}",
            lambda: f"mdr {mark(n.first(r), 'PER')} il a encore raté son train à la {mark('gare ' + t.de(), 'LOC')} 😂 @{mark(n.acronym(r), 'ORG')}",
            lambda: f"RT si toi aussi t'attends {self.per(r)} sur {mark(n.paper(r), 'ORG')} ce soir",
            lambda: f"Concert gratuit {t.a('LOC')} avec {self.per(r)} et {self.per(r)}, dispo chez {mark(n.firm(r), 'ORG')} #musique",
            lambda: f"Quelqu'un connaît un bon plombier vers {t.bare('LOC')} ou {self.town(r).bare('LOC')} ? {mark(n.firm(r), 'ORG')} répond jamais...",
        ])()

    def _genre_science(self, r):
        n, t = self.names, self.town(r)
        return r.choice([
            lambda: f"{mark(r.choice('ABCDEFGHJKLMNPRST') + '. ' + n.last(r), 'PER')} et {mark(n.last(r), 'PER')} ({r.randint(1960, 2023)}) ont étudié les sédiments {n.feature(r).de('LOC')}.",
            lambda: f"{self.per(r)}{r.choice(['', '1', ' (1)'])}, {self.per(r)}, {self.per(r)}\n{n.institution(r).bare('ORG')}, {t.bare('LOC')}, {n.country(r).bare('LOC')}",
            lambda: f"Le cratère fut observé sur {mark(r.choice(names.CELESTIAL), 'LOC')} par {self.per(r)}, de l'{mark('Observatoire ' + t.de(), 'ORG')}.",
            lambda: f"Les auteurs remercient {self.per(r)} ({mark(n.acronym(r), 'ORG')}, {t.bare('LOC')}) et {n.institution(r).the('ORG')} pour leur soutien.",
            lambda: f"Des spécimens ont été récoltés {n.country(r).a('LOC')}, au pied {n.feature(r).de('LOC')}, puis déposés {r.choice(['au'])} {mark('Muséum ' + t.de(), 'ORG')}.",
            lambda: f"Le théorème de Pythagore et la constante de Planck suffisent, note {mark(n.last(r), 'PER')} dans {mark('Nature', 'ORG')}.",
        ])()

    def _genre_headings(self, r):
        n = self.names
        return r.choice([
            lambda: f"{n.institution(r).bare('ORG')}",
            lambda: f"Intervention de {self.per(r, .7)}, {r.choice(FUNCTIONS)} {n.institution(r).de('ORG')}",
            lambda: f"Visite {n.country(r).a('LOC')} de {self.per(r, .8)}",
            lambda: f"Les relations entre {n.country(r).the('LOC')} et {n.state(r).the('LOC')}",
            lambda: f"{self.per(r)} {self.town(r).a('LOC')}",
            lambda: f"Discours de {self.per(r, .8)} devant {n.institution(r).the('ORG')}",
            lambda: f"Compte rendu de la réunion {n.institution(r).de('ORG')} à {mark(n.street(r), 'LOC')}",
            lambda: f"{n.state(r).bare('LOC')}",
            lambda: f"Rapport sur {n.feature(r).the('LOC')} et {n.feature(r).the('LOC')}",
        ])().upper()

    def _genre_distractors(self, r):
        """Capitalised names that are no entity: products, ships, works, storms, laws, spacecraft, demonyms."""
        n = self.names
        made = r.choice([n.thing(r), r.choice(n.lists["parts"]), r.choice(n.lists["parts"]), r.choice(n.lists["towns"])[0], r.choice(names.FIRST)])
        made2 = r.choice([n.thing(r), r.choice(n.lists["parts"]) + " " + str(r.randint(1, 40)), r.choice(names.FIRM) + r.choice(names.FIRM_END)])
        people = r.choice("Kazakhs|Bretons|Russes|Allemands|Rohingyas|Touaregs|Kurdes|Ouïghours|Wallons|Parisiens|Brestois|Marseillais|Peuls|Lyonnais|Sénégalais|Ottomans".split("|"))
        return r.choice([
            lambda: f"Le rover {made} a foré le sol de {mark(r.choice(names.CELESTIAL), 'LOC')} ; l'instrument {made2} a confirmé la mesure.",
            lambda: f"La tempête {made} a frappé {r.choice([n.departement, n.region])(r).the('LOC')}, l'ouragan {r.choice(names.FIRST)} s'éloigne.",
            lambda: f"Le {r.choice(['cargo', 'chalutier', 'croiseur', 'paquebot', 'sous-marin', 'pétrolier'])} {made} a quitté {self.town(r).bare('LOC')} pour {self.town(r).bare('LOC')}.",
            lambda: f"La frégate {made} et l'aviso {r.choice(n.lists['parts'])} croisent au large {n.country(r).de('LOC')}.",
            lambda: f"Le jeu {made2} et la console {made} sortiront chez {mark(n.firm(r), 'ORG')} en {r.choice(MONTHS)}.",
            lambda: f"Dans le film « {made} » de {self.per(r)}, on reconnaît {self.town(r).bare('LOC')}.",
            lambda: f"Il roulait en {r.choice(['Clio', 'Kangoo', 'Mercedes', 'Toyota', made])} {r.choice(['blanche', 'grise', 'volée'])} vers {self.town(r).bare('LOC')}.",
            lambda: f"Les {people} et les {r.choice(['Français', 'Chinois', 'Suisses', 'Anglais'])} ont signé ; le {r.choice(['turc', 'russe', 'breton'])} reste langue de travail.",
            lambda: f"L'ethnie {people.rstrip('s')} et le peuple {r.choice(['massaï', 'kanak', 'touareg'])} ne sont pas représentés à {mark(n.acronym(r), 'ORG')}.".replace("à {{", "à l'{{") ,
            lambda: f"La loi {r.choice(names.LAST)}, l'arrêt {r.choice(names.LAST)} et l'amendement {r.choice(names.LAST)} ont été cités par Me {self.surname(r)}.",
            lambda: f"Le logiciel {made2}, l'application {made} et le vaccin {r.choice(names.FIRM)}vax seront testés {self.town(r).a('LOC')}.",
            lambda: f"Le prix {r.choice(names.FIRST)}-{r.choice(names.LAST)} a été remis à {self.per(r)} pour son roman {r.choice(['Les Ombres', 'La Digue', 'Retour', 'Le Vent'])} {self.town(r).de()}.",
            lambda: f"Le satellite {made2} et la fusée {made} ont été assemblés par {mark(n.firm(r), 'ORG')} {self.town(r).a('LOC')}.",
            lambda: f"L'opération {made} et le plan {r.choice(['Vigipirate', 'Blanc', 'Orsec', made])} ont mobilisé {mark(n.institution(r).name, 'ORG')}.",
            lambda: f"Le traité {self.town(r).de()}, les accords {self.town(r).de()} et la bataille {self.town(r).de()} figurent au programme.",
            lambda: f"La Commission, le Conseil et le Parlement se sont accordés ; la Cour et le Gouvernement n'ont rien dit. L'État paiera, selon {self.per(r)}.",
            lambda: f"La Coupe du monde, le Grand Prix {self.town(r).de()} et les Jeux olympiques {self.town(r).de()} sont reportés.",
        ])()

    def _genre_heads(self, r):
        """Heads that stay outside, towns without a preposition, first names alone, firms in every position."""
        n, t, u = self.names, self.town(r), self.town(r)
        first, firm = mark(n.first(r), "PER"), mark(n.firm(r), "ORG")
        part = mark(r.choice(n.lists["parts"]), "LOC")
        return r.choice([
            lambda: f"{r.choice(['Le maire', 'L’évêque', 'Le sous-préfet', 'Le curé', 'Le faubourg', 'L’arrondissement', 'Le canton', 'Le cercle', 'La section', 'La colonie', 'Le bac', 'Le bourg', 'La paroisse', 'Le marché', 'La foire'])} {t.de('LOC')} {r.choice(['a souffert', 'n’est plus', 'attend', 'fut réuni à celui ' + u.de('LOC')])}.",
            lambda: f"Une {r.choice(['place', 'rue', 'école', 'habitante', 'visite'])} {t.de('LOC')} porte son nom ; {r.choice(['au pied', 'au nord', 'au-dessus', 'aux portes', 'sur la rive gauche'])} {n.departement(r).de('LOC')}.",
            lambda: f"{t.bare('LOC')} tient, {u.bare('LOC')} est perdue. On dit que {self.town(r).bare('LOC')} bouge encore, que {self.town(r).bare('LOC')} a eu des arrestations.",
            lambda: f"{t.bare('LOC')}, {self.date(r)}{r.choice(['', ' — 22 h 30', ', matin', ' (de notre correspondant)'])}\n{r.choice(['SECRET – URGENT', 'Dépêche n° 12', 'Monsieur le Ministre,', 'Cher ami,'])}",
            lambda: f"{r.randint(1, 28)} {r.choice(['lun', 'mar', 'mer', 'jeu', 'ven', 'sam'])}. {t.bare('LOC')}, {u.bare('LOC')} (bœufs), {self.town(r).bare('LOC')}.",
            lambda: f"{first} demande si la cantine rouvrira ; {mark(n.first(r), 'PER')} n'en sait rien.",
            lambda: f"– {first} ! cria {mark(n.first(r), 'PER')}. Viens vite, {mark(n.first(r), 'PER')} est tombée.",
            lambda: f"Merci de faire votre réclamation via l'appli svp. {first}",
            lambda: f"M. {self.official(r)}, {r.choice(FUNCTIONS)}, en service au cercle {t.de('LOC')}, est affecté {u.a('LOC')}.\nM. {self.official(r)}, {r.choice(FUNCTIONS)}, est mis à la disposition du gouverneur {n.country(r).de('LOC')}.",
            lambda: f"{self.official(r)}, {r.choice(FUNCTIONS)} ({t.bare('LOC')}, {self.date(r)} – {u.bare('LOC')}, {self.date(r)}).",
            lambda: f"{mark(n.firm(r), 'ORG')}-{mark(n.firm(r), 'ORG')}, le groupement retenu, devance {firm} et un nouveau client, {mark(n.firm(r), 'ORG')}.",
            lambda: f"On a eu recours à vingt intérimaires de {firm} ; {mark(n.firm(r), 'ORG')} vend ses galettes sous la marque {r.choice(n.lists['parts'])}.",
            lambda: f"1. {firm} est une holding contrôlée par {self.per(r)}.\n2. {mark(n.firm(r), 'ORG')} exploite une usine {t.a('LOC')}.",
            lambda: f"Demandeur : {firm}, {r.choice(['représentée par', 'ayant pour gérant'])} {self.per(r, .7)}",
            lambda: f"Le {r.choice(['domaine', 'bassin', 'plateau', 'fort', 'bois', 'moulin', 'puits'])} {t.de()} est vendu.".replace("Le ", "Le {{").replace(" est vendu", "#LOC}} est vendu"),
            lambda: f"Les {mark('îles ' + r.choice(n.lists['parts']), 'LOC')}, l'{mark('île ' + u.de(), 'LOC')} et le {mark('port ' + r.choice(['de commerce ', 'de pêche ', '']) + t.de(), 'LOC')} sont en vue.",
            lambda: f"Il travaillait chez {mark(n.last(r), 'PER')} ; Mme {self.surname(r)} travaille chez {firm}.",
            lambda: f"Le {mark('lycée ' + r.choice(names.FIRST) + '-' + r.choice(names.LAST), 'ORG')} {r.choice(['de', 'à'])} {mark(r.choice(n.lists['cities']), 'LOC')} et le collège voisin.".replace(" de {{", " à {{"),
            lambda: f"LOUIS, par la grâce de Dieu, roi {n.country(r).de('LOC', article=False)} et de {mark('Navarre', 'LOC')}".replace("LOUIS", mark("LOUIS", "PER")),
            lambda: f"{self.per(r)}, dit {mark(n.first(r), 'PER')}, né {t.a('LOC')}, fils de {mark(n.first(r), 'PER')} et de {self.per(r)}, x {u.bare('LOC')} 1840.",
            lambda: f"Parlez-en à {self.l_acronym(r)} ou {self.l_acronym(r)} : les bus {mark(n.acronym(r), 'ORG')} sont complets. DRH, TVA, SMS et RER : rien.",
        ])().replace("’", "'")

    def agency(self, r):
        """A marked organisation with its article, beginning in lower case."""
        return r.choice([self.l_acronym(r), mark(self.names.firm(r), "ORG"), self.names.institution(r).the("ORG")])

    def told(self, r, first, more, least=1):
        """A short document: its first sentence, then some of the others."""
        space = r.choice([" ", " ", "\n"])
        return first + (space if first.endswith(".") else "\n") + space.join(r.sample(more, r.randint(least, min(len(more), 4))))

    def _genre_craft(self, r):
        """A craft with its head, then bare, beside an agency that is one."""
        n = self.names
        kind, feminine = r.choice(CRAFT)
        x, e, agency, body = n.thing(r), "e" if feminine else "", self.agency(r), mark(n.celestial(r), "LOC")
        return self.told(r, r.choice([
            f"Espace : {kind} {x} a atteint {body}", f"{capital(kind)} {x} a quitté l'orbite {r.choice(['terrestre', 'lunaire'])} mardi, selon {agency}.", f"Lancé{e} en {r.randint(1960, 2024)} par {agency}, {kind} « {x} » est arrivé{e} près {of(n.celestial(r), 'LOC')}.",
            f"{capital(agency)} a perdu le contact avec {kind} {x}."]), [
            f"{x} n'a plus donné signe de vie depuis le {self.date(r)}.", f"{x} a photographié {body}.", f"Les images {of(x)} seront étudiées par {self.per(r)}.", f"Avec {x}, {agency} espère percer les secrets {of(n.celestial(r), 'LOC')}.",
            f"« {x} nous surprend encore », sourit {self.per(r)}, {r.choice(['ingénieure', 'responsable du projet'])} chez {mark(n.firm(r), 'ORG')}.", f"Son successeur, {n.thing(r)}, sera lancé par {mark(n.firm(r), 'ORG')}.", f"La mission {x} a coûté {r.randint(2, 900)} millions d'euros.",
            f"Les données transmises par {x} et {n.thing(r)} concordent.", f"À bord {of(x)}, tout fonctionne.", f"L'instrument {n.thing(r)}, embarqué sur {x}, est dû à {agency}."])

    def _genre_work(self, r):
        """A game, film or song with its head, then bare; its persons are persons, its publisher an organisation."""
        n = self.names
        kind, public, feminine = r.choice(WORK)
        x, e, firm, hero = n.title(r), "e" if feminine else "", mark(n.firm(r), "ORG"), self.names.person(r)
        quoted = r.choice([x, x, f"« {x} »"])
        of_x = f"de « {x} »" if x.startswith(("Le ", "Les ")) else of(x)
        return self.told(r, r.choice([
            f"{capital(kind)} {quoted} sera édité{e} par {firm}.", f"{firm} annonce {kind} {quoted}.", f"{self.per(r)} présente {kind} {quoted} {self.town(r).a('LOC')}.", f"{capital(kind)} {quoted} de {self.per(r)} s'est vendu{e} à {r.randint(2, 90)} 000 exemplaires."]), [
            f"{public} y suit {mark(' '.join(hero), 'PER')}, {r.choice(FUNCTIONS)} {self.town(r).a('LOC')}.", f"{x} est sorti{e} en {r.choice(MONTHS)}.", f"La suite {of_x} est confiée au studio {mark(n.firm(r), 'ORG')}.", f"Avec {x}, {firm} vise le public {r.choice(['japonais', 'allemand', 'américain'])}.",
            f"« J'ai fini {x} en deux jours », confie {mark(n.first(r), 'PER')}.", f"{self.per(r)}, auteur {of_x}, travaille pour {firm}.", f"Après {x}, {n.title(r)} est attendu pour {r.randint(2025, 2030)}.", f"{mark(hero[1], 'PER')} meurt à la fin {of_x}."])

    def _genre_ship(self, r):
        """Ships, products, storms, animals: with their heads, then bare or with an article."""
        n = self.names
        x, firm = n.thing(r), mark(n.firm(r), "ORG")
        le = "l'" if names.elides(x) else "le "
        du, au = ("de l'", "à l'") if le == "l'" else ("du ", "au ")
        product, feminine = r.choice(PRODUCT)
        animal, female = r.choice(ANIMALS)
        e, born = "e" if feminine else "", "née" if female else "né"
        zoo, storm, pet = self.town(r), r.choice(names.FIRST), r.choice(names.FIRST + n.lists["parts"])
        return r.choice([
            lambda: self.told(r, f"{capital(r.choice(SHIP))} {x} a appareillé {self.town(r).de('LOC')}.", [f"{capital(le)}{x} transporte du blé pour {firm}.", f"À bord {du}{x}, {r.randint(8, 900)} passagers.", f"{self.per(r)} commande {le}{x}.", f"On est sans nouvelles {du}{x}.", f"{capital(le)}{x} retrouvera {self.town(r).the('LOC')} le {self.date(r)}.", f"{firm}, armateur {du}{x}, se tait.", f"Une avarie {au}{x} a été signalée au large {n.country(r).de('LOC')}."]),
            lambda: self.told(r, f"{capital(product)} {x} est vendu{e} par {firm}.", [f"{x} coûte {r.randint(9, 900)} euros.", f"Avec {x}, {firm} a doublé ses ventes {n.country(r).a('LOC')}.", f"Le succès {of(x)} inquiète {mark(n.firm(r), 'ORG')}.", f"{self.per(r)}, qui a conçu {x}, quitte {firm}.", f"Selon {self.agency(r)}, {x} est sans danger.", f"Comme {n.thing(r)}, {x} est fabriqué{e} {self.town(r).a('LOC')}."]),
            lambda: self.told(r, f"{r.choice(['La tempête', 'La dépression', 'Le cyclone', 'L’ouragan'])} {storm} a traversé {n.region(r).the('LOC')}.".replace("’", "'"), [f"{storm} s'éloigne vers {n.country(r).the('LOC')}.", f"Le passage {of(storm)} a privé de courant {r.randint(2, 90)} 000 foyers, selon {firm}.", f"Après {storm}, {n.institution(r).the('ORG')} a rouvert ses guichets.", f"{r.choice(names.FIRST)}, une autre dépression, est attendue au large {n.region(r).de('LOC')}."]),
            lambda: self.told(r, f"{capital(animal)} {pet} est {born} au {mark('zoo ' + zoo.de(), 'ORG')}.", [f"{pet} pèse {r.randint(30, 900)} kilos.", f"Les visiteurs {of(pet)} viennent {n.country(r).de('LOC', article=False)}.", f"{self.per(r)}, soignant{r.choice(['', 'e'])}, dort près {of(pet)}.", f"{pet} sera présenté{'e' if female else ''} au public en {r.choice(MONTHS)}, indique {self.per(r)}."]),
        ])()

    def _genre_celestial(self, r):
        """Celestial bodies by name or code: bare, in quotes, between commas, after de, que, devant."""
        n = self.names
        x, y = n.celestial(r), n.celestial(r)
        a, b = mark(x, "LOC"), mark(y, "LOC")
        head = r.choice(["la supernova", "l'exoplanète", "la galaxie", "l'étoile", "la comète", "la planète naine", "la naine brune", "la nébuleuse"])
        return self.told(r, r.choice([f"Astronomie : {a} livre ses secrets", f"{capital(head)} {a}, découverte par {self.per(r)}, intrigue {self.agency(r)}.", f"L'équipe de {self.per(r)} ({mark(n.acronym(r), 'ORG')}) a observé {head} {a}.", f"À {r.randint(4, 900)} années-lumière de la {mark('Terre', 'LOC')}, {a} tourne autour {of(y, 'LOC')}."]), [
            f"{a}, {r.choice(['une géante gazeuse', 'un astre lointain', 'une naine rouge'])}, est plus froide {of(y, 'LOC', 'que')}.", f"« {a} est très brillante », note {self.per(r)}.", f"L'atmosphère {of(x, 'LOC')} contient de l'eau.", f"On pense {of(x, 'LOC', 'que')} s'est formée plus loin {of(y, 'LOC', 'que')}.", f"Le transit {of(x, 'LOC')} devant {b} a duré une heure.", f"{b} et {a} se percuteront un jour.",
            f"Si {a} a bien perdu son atmosphère, {b} l'a gardée.", f"La découverte {of(y, 'LOC')} par {mark(n.last(r), 'PER')} remonte à {r.randint(1781, 2020)}.", f"Sur {a}, le jour dure dix heures.", f"La {mark('Voie lactée', 'LOC')} et {b} sont voisines.", f"Depuis la {mark('Lune', 'LOC')}, on voit {a}."])

    def _genre_surnames(self, r):
        """Persons in full, then by surname or first name after de, à, contre, chez and at the head of a sentence. The surname may be a town's."""
        n = self.names
        first, last = r.choice(names.FIRST), n.name_like_town(r) if r.random() < 0.75 else n.last(r)
        p, f, place = mark(last, "PER"), mark(first, "PER"), self.town(r)
        full = mark(f"{first} {last}", "PER")
        return self.told(r, r.choice([f"{full} a été entendu {place.a('LOC')}.", f"L'enquête sur {full} se poursuit.", f"{place.bare('LOC')} : {full} devant {self.names.institution(r).the('ORG')}", f"{full}, {r.randint(18, 80)} ans, {r.choice(FUNCTIONS)} {place.a('LOC')}, a disparu."]), [
            f"{p} nie les faits.", f"L'avocat {of(last, 'PER')}, Me {self.per(r)}, a demandé le renvoi.", f"La mère {of(first, 'PER')} attend une réponse.", f"Le message adressé à {p} est resté sans suite.", f"La plainte contre {p} a été classée.", f"Une perquisition chez {p} n'a rien donné.", f"{f} avait neuf ans.", f"Selon {p}, {self.agency(r)} était au courant.",
            f"Alors que {p} se trouvait {n.country(r).a('LOC')}, {mark(n.first(r), 'PER')} l'a rejoint.", f"Le sort {of(last, 'PER')} se joue {self.town(r).a('LOC')}.", f"« {p} va payer », a lancé {self.per(r)}.", f"Avec {p} et {f}, la liste est close.", f"Le soutien {of(last, 'PER')} à {self.surname(r)} surprend.", f"Les adversaires {of(last, 'PER')} l'ont sifflé {self.town(r).a('LOC')}.",
            f"Les proches {of(first, 'PER')} ont marché jusqu'à {mark(r.choice(n.lists['cities']), 'LOC')}."], least=2)

    def _genre_pairs(self, r):
        """The same name as a town, a person or a firm: what stands around it decides."""
        n = self.names
        x = n.name_like_town(r)
        return r.choice([
            lambda: f"Le maire {of(x, 'LOC')} a reçu {self.per(r)}. Les rues {of(x, 'LOC')} sont désertes ; à {mark(x, 'LOC')}, tout est fermé.",
            lambda: f"L'avocat {of(x, 'PER')} a plaidé. {mark(x, 'PER')} a remercié {self.surname(r)} ; chez {mark(x, 'PER')}, on se tait.",
            lambda: f"Les salariés {of(x, 'ORG')} sont en grève. {mark(x, 'ORG')} a vendu ses usines ; le groupe {mark(x, 'ORG')} cherche un repreneur.",
            lambda: f"La {mark('gare ' + of(x), 'LOC')} est fermée : au nord {of(x, 'LOC')}, la neige tient.",
            lambda: f"M. {mark(x, 'PER')} habite à {mark(x, 'LOC')}. Mme {mark(x, 'PER')} y est née.",
            lambda: f"La sonde {x} s'est tue. Les signaux {of(x)} étaient faibles. {mark(n.first(r) + ' ' + x, 'PER')} l'avait construite.",
            lambda: f"À {mark(x, 'LOC')}, la victoire {of(n.last(r), 'PER')} sur {self.surname(r)} est fêtée ; la lettre à {self.surname(r)} n'est jamais partie {of(x, 'LOC')}.",
        ])()

    def _genre_events(self, r):
        """Affairs, treaties, meetings, disasters, plans and titles: the names inside are none, the same ones beside them are."""
        n, t, c, x = self.names, self.town(r), self.names.country(r), self.names.last(r)
        a, firm = n.acronym(r), n.firm(r)
        place = r.choice([t.de(), self.place(r).de()])
        affair = r.choice([f"affaire {x}", f"affaire {x}", f"affaire {x}-{n.last(r)}", f"affaire {firm}", f"affaire {a}"] + [
            f"affaire {what} {place}" for what in ("des frégates", "des HLM", "des fausses factures", "des marchés publics", "des emplois fictifs", "des terrains", "des écoutes", "des otages")] + [
            f"affaire des emplois fictifs de la mairie {t.de()}", f"affaire {of(a)}", f"affaire {a}-{n.acronym(r)}"])
        # Not le siège, le congrès, la foire: what these are of is often a name.
        event = r.choice(["le traité", "la convention", "la bataille", "le massacre", "le séisme", "l'accident nucléaire"])
        plain = re.sub(r"^(?:d['’]|de |du )", "", x)
        the_body = ("l'" if a[0] in "AEIOU" else "la ") + a
        title = r.choice([f"Les Derniers Jours {place}", f"Histoire {c.de()}", f"Mémoires {of(plain)}", f"La Nuit {place}", f"{x} et son temps", f"Lettres {t.de()}", f"Voyage {c.a()}", f"{a}, l'envers du décor", f"Que reste-t-il {of(firm)} ?"])
        return r.choice([
            lambda: f"L'{affair} a coûté son poste à {self.per(r, .3)}.", lambda: f"Dans l'{affair}, {self.per(r)} a été entendu {self.town(r).a('LOC')}.",
            lambda: f"L'{affair} occupe {mark(x, 'PER')}, qui habite {t.a('LOC')}. {mark(firm, 'ORG')} et {mark(a, 'ORG')} se taisent.",
            lambda: f"{capital(event)} {place} n'est plus qu'un souvenir {t.a('LOC')}.", lambda: f"Depuis {event} {place}, {self.agency(r)} surveille {c.the('LOC')}.",
            lambda: f"{self.per(r)}, négociateur pour {c.the('LOC')}, a signé {r.choice(['le traité', 'la convention', 'les accords', 'le protocole'])} {place}.", lambda: f"Le rapport {x}, la loi {n.last(r)} et le plan {n.last(r)} ont été enterrés, regrette {self.surname(r)}.",
            lambda: f"« {title} », de {self.per(r)}, paraît chez {mark(n.firm(r), 'ORG')}.", lambda: f"{self.per(r)}, {title}, {mark(n.firm(r), 'ORG')}, {r.randint(1890, 2024)}.",
            lambda: f"{self.per(r)}, « {title} », {mark(n.paper(r), 'ORG')}, {self.date(r)}.", lambda: f"Le traité de {the_body} lie {c.the('LOC')} ; {mark(a, 'ORG')} siège {t.a('LOC')}.",
            lambda: f"La maladie {of(plain)} et le syndrome {of(plain)}-{n.last(r)} sont étudiés {t.a('LOC')} par {self.per(r)}.",
            lambda: f"Voir aussi : {capital(affair)} ; {mark(x, 'PER')} ; {title}."])()

    def _genre_makers(self, r):
        """Firms beside what they make, in brackets, in pairs: the product is no name, and what follows is no part of the firm's."""
        n, t, c = self.names, self.town(r), self.names.country(r)
        a, b, third = (mark(r.choice(n.lists["companies"]) if r.random() < 0.5 else n.firm(r), "ORG") for _ in range(3))
        (product, feminine), model, fleet = r.choice(MADE), n.thing(r), r.choice(names.THINGS)
        field, project, e = r.choice(FIELDS), r.choice(PROJECTS), "e" if feminine else ""
        pair = a + r.choice(["-", "-", " - ", " -", "/", " – "]) + b
        return r.choice([
            f"{capital(product)} de {a} sera livré{e} {c.a('LOC')}.", f"{capital(product)} {model} de {a} équipera les {fleet} de {b}.", f"- au choix de {product} {model} de {a} pour les {fleet} de {b} ;", f"{a} a vendu deux {fleet} {c.a('LOC')}.", f"Contrat : {a} fournira {product} {model}",
            f"- au projet {project} {t.de('LOC')} proposé par {a} ;", f"- au projet {project} ({pair}) ;", f"- à la coopération {field} ({a}) ;", f"- à une société conjointe {field} ({pair}).", f"- le partenariat entre {a} et {b} {field} ;", f"Un accord {pair} {field} doit être signé {t.a('LOC')}.",
            f"Les négociations engagées par la compagnie {a} pour le développement d'un projet {project} se poursuivent {c.a('LOC')}.", f"{a} pour {r.choice(['la construction', 'la réalisation', 'le financement'])} d'un {r.choice(['pont', 'métro', 'barrage', 'port sec'])}, {b} pour {r.choice(['les études', 'la maintenance'])} : le contrat est signé.",
            f"Le consortium mené par {a} associe {b} et {third}.", f"De {a} à {b}, tous les fournisseurs de {third} étaient là.", f"{a} : {r.choice(['résultats en hausse', 'la grève continue', 'un nouveau directeur', 'un site menacé'])} {t.a('LOC')}", f"Après {a}, {b} {r.choice(['ferme', 'embauche', 'investit'])} {t.a('LOC')}",
        ])

    def _genre_seats(self, r):
        """Institutions of a town beside functions and heads that stay outside; airports with a name."""
        n, t, u = self.names, self.town(r), self.town(r)
        seat = r.choice(["parquet", "police", "police municipale", "gendarmerie", "brigade de gendarmerie", "centre hospitalier", "observatoire", "zoo", "commissariat", "tribunal", "tribunal correctionnel", "police judiciaire", "préfecture de police", "mairie", "conservatoire", "parlement"])
        article = {"o": "l'"}.get(seat[0], "la " if seat.startswith(("police", "gend", "brig", "préf", "mair")) else "le ")
        the = article + mark(f"{seat} {t.de()}", "ORG")
        of_it = the.replace("le {{", "du {{") if the.startswith("le ") else "de " + the
        airport = mark(f"{r.choice(['aéroport', 'aéroport international'])} {r.choice([n.person(r)[1], ' '.join(n.person(r)), u.de()])}", "LOC")
        return r.choice([
            f"{capital(the)} a ouvert une enquête.", f"Selon {the}, {self.per(r)} serait en fuite.", f"Le procureur {t.de('LOC')} et {the} se sont concertés.", f"Un porte-parole {of_it} confirme l'arrestation de {self.per(r)}.", f"Le maire {t.de('LOC')}, l'évêque {u.de('LOC')} et {the} étaient présents.",
            f"L'avion s'est posé à l'{airport}.", f"À l'{airport}, {self.agency(r)} a bloqué les départs pour {n.country(r).the('LOC')}.", f"La {mark(r.choice(['police nationale', 'gendarmerie nationale', 'police aux frontières', 'sécurité civile']), 'ORG')} {t.a('LOC')} recherche {self.per(r)}.",
            f"Les pompiers {t.de('LOC')}, le centre-ville {u.de('LOC')} et la région {self.town(r).de('LOC')} sont touchés.", f"Le {mark('parquet ' + t.de(), 'ORG')} et celui {u.de('LOC')} ont été saisis."])

    def _genre_functions(self, r):
        """Functions with a country or town, organisations at work in a country: each its own mark."""
        n, c, c2, t = self.names, self.names.country(r), self.names.country(r), self.town(r)
        who = r.choice(HEADS_OF_STATE)
        firm, body = mark(n.firm(r), "ORG"), mark(n.acronym(r), "ORG")
        return r.choice([
            lambda: f"{capital(who)} {c.de('LOC', article=False)}, {self.per(r)}, s'est rendu{'e' if who.startswith('la ') else ''} {c2.a('LOC')}.", lambda: f"{capital(who)} {c.de('LOC', article=False)} et {r.choice(HEADS_OF_STATE)} {c2.de('LOC', article=False)} ont dîné {t.a('LOC')}.",
            lambda: f"{capital(r.choice(['le roi', 'la reine', 'le chancelier', 'la chancelière', 'le Premier ministre']))} {c.de('LOC', article=False)} recevra {self.per(r, .5)}.", lambda: f"L'ambassadeur {c.de('LOC', article=False)} {c2.a('LOC')} a été rappelé ; l'{mark('ambassade ' + c.de(article=False) + ' ' + c2.a(), 'ORG')} reste ouverte.",
            lambda: f"Le gouvernement {c.de('LOC')}, par la voix de {self.per(r)}, dément.", lambda: f"{firm} {c.a('LOC')} emploie {r.randint(20, 900)} personnes.", lambda: f"Le représentant de {firm} {c.a('LOC')}, {self.per(r)}, a été reçu par {r.choice(HEADS_OF_STATE)} {c2.de('LOC', article=False)}.",
            lambda: f"Correspondant de l'agence {mark(r.choice(['Reuters', 'Havas', 'Associated Press', 'Tass', 'Xinhua']), 'ORG')} {c.a('LOC')}, {self.per(r)} vit {t.a('LOC')}.", lambda: f"{body} {c.a('LOC')} et {firm} {c2.a('LOC')} ont suspendu leurs activités.", lambda: f"L'{mark('équipe ' + n.country(r).de(article=False), 'ORG')} affronte {c.the('LOC')}.",
            lambda: f"Le groupe {firm} détient {mark('Groupe ' + r.choice(n.lists['parts']), 'ORG')} ; la société {mark(n.firm(r), 'ORG')}, filiale du groupe, est {c.a('LOC')}.", lambda: f"Le ministre de {r.choice(['l’Intérieur', 'la Justice', 'la Santé', 'l’Économie'])} {c.de('LOC', article=False)} a saisi le {mark('ministère de la Justice', 'ORG')}.".replace("’", "'"),
            lambda: f"La chute du régime de {mark(n.last(r), 'PER')} {c.a('LOC')} et l'arrivée de {mark(n.last(r), 'PER')} ont surpris {who} {c2.de('LOC', article=False)}."])()

    def _genre_demonyms(self, r):
        """People by nation: no marks, also in apposition to a name that is one; invariable names of peoples."""
        n, t = self.names, self.town(r)
        (he, she, they), other, people = r.choice(DEMONYMS), r.choice(DEMONYMS), r.choice(PEOPLES)
        le, la = ("l'", "l'") if names.elides(he) else ("le ", "la ")
        return r.choice([
            f"{capital(le)}{he} {self.per(r)} l'emporte devant {self.per(r)} et un {other[0]}.", f"{capital(la)}{she} {self.per(r)} a battu l'{mark('équipe ' + n.country(r).de(article=False), 'ORG')}.", f"Le président {he.lower()} {self.per(r)} recevra les {other[2]} {t.a('LOC')}.", f"Un {he} et une {other[1]} ont été blessés {t.a('LOC')}.",
            f"{t.bare('LOC')} : un {he} médaillé d'or", f"L'ethnie {people} vit {n.country(r).a('LOC')}.", f"Les {people} fuient {n.country(r).the('LOC')}, selon {self.agency(r)}.", f"La question {people} divise {self.agency(r)}.", f"La presse {she.lower()} et l'armée {other[1].lower()} n'ont rien dit de {self.per(r)}.", f"{self.per(r)}, un {people} né {t.a('LOC')}, montre son passeport {he.lower()}.",
            f"Deux {they}, trois {other[2]} et un {people} restent en course.", f"{capital(le)}{he} a devancé {self.surname(r)}, {other[0]} d'adoption.", f"Le gouvernement {he.lower()} et le {mark(r.choice(['parlement ', 'Parlement ']) + r.choice(DEMONYMS[:12])[0].lower(), 'ORG')} ont consulté {self.agency(r)}."])

    def _genre_acronyms(self, r):
        """Acronyms of organisations, and those of none in the same places."""
        n = self.names
        x, y = r.sample(COMMON_ACRONYMS, 2)
        body = self.l_acronym(r)
        of_x = {"le ": "du ", "les": "des "}.get(x[:3], "de " + x[:3]) + x[3:].removeprefix(" ")
        a = mark(n.acronym(r), "ORG")
        return r.choice([
            f"Selon {body}, {x} et {y} vont changer.", f"{capital(body)} demande la fin {of_x}.", f"{a}, {mark(n.acronym(r), 'ORG')} et l'intersyndicale dénoncent {x}.", f"{capital(x)} : {a} répond à {self.surname(r)}", f"{self.per(r)} ({a}) veut revoir {x} ; {self.per(r)} ({mark(n.acronym(r), 'ORG')}) défend {y}.", f"La hausse {of_x} inquiète {body}.",
            f"Le rapport de {a} sur {x} est public.", f"Le prix est de {r.randint(2, 90)} euros (hors TVA), précise {a}.", f"{capital(body)} et {self.l_acronym(r)} se partagent {x}."])

    def _genre_lists(self, r):
        n = self.names
        item = r.choice([lambda: self.per(r, .2), lambda: self.org(r), lambda: self.town(r).bare("LOC"), lambda: n.feature(r).bare("LOC"), lambda: n.institution(r).bare("ORG"),
                         lambda: mark(n.firm(r), "ORG"), lambda: mark(n.last(r).upper() + " " + n.first(r), "PER"), lambda: n.country(r).bare("LOC"), lambda: mark(n.last(r).upper(), "PER") + ", " + r.choice(FUNCTIONS)])
        sign = r.choice(["- ", "• ", "", "", "— ", "* "])
        if r.random() < 0.3:
            return ", ".join(item() for _ in range(r.randint(3, 7))) + "."
        return "\n".join(sign + item() for _ in range(r.randint(2, 7)))

