"""Names made up from lists: persons of many origins, places with their French prepositions, organisations by pattern.

Everything is drawn with the caller's random generator. `de(place)`, `a(place)` and `dans(place)` give the preposition that French
wants, with markup around the name only (`d'{{Angers#LOC}}`, `du {{Mans#LOC}}`) or bare, for use inside a longer name.
"""
import unicodedata

FIRST = """Jean Pierre Michel André Philippe Alain Bernard Jacques Daniel Patrick Nicolas Christophe Laurent Frédéric
Éric Stéphane Pascal Sébastien David Julien Thomas Guillaume Olivier Antoine Vincent François Henri Louis Charles
Émile Eugène Léon Gaston Marcel Lucien Fernand Auguste Alphonse Ernest Jules Victor Félix Théophile Anatole Aristide
Ferdinand Gustave Hippolyte Isidore Joachim Lazare Narcisse Octave Prosper Raoul Sosthène Ursin Valentin Xavier Yves
Zéphirin Marie Jeanne Marguerite Germaine Louise Yvonne Madeleine Suzanne Marthe Berthe Blanche Camille Denise Odette
Simone Paulette Monique Nathalie Isabelle Sylvie Catherine Françoise Martine Christine Valérie Sandrine Sophie Céline
Aurélie Émilie Élodie Chloé Léa Manon Inès Jade Louna Zoé Apolline Bérengère Capucine Domitille Eulalie Fleur
Ghislaine Hortense Iphigénie Joséphine Léopoldine Mélisande Noémie Ombeline Pétronille Quitterie Rosalie Solène
Tiphaine Ursuline Victoire Wilhelmine Yolande Zélie Erwan Gwénaël Loïc Ronan Tanguy Yann Maël Corentin Hervé Goulven
Ghislain Ange Toussaint Dominique Pasquale Petru Ghjuvan Letizia Battì Xabi Peio Iñaki Maïté Amaia Bixente Hans Fritz
Joseph Mathis Wendelin Odile Otto Jan Pieter Joost Maarten Wouter Lieve Griet Mohammed Ahmed Karim Rachid Abdelkader
Abdoulaye Mamadou Ousmane Cheikh Aliou Ibrahima Moussa Boubacar Seydou Fatoumata Aminata Awa Mariama Khady Bintou
Kouadio Kouassi Adjoua Akissi Yao Koffi Kwame Kofi Ama Afi Komlan Olusegun Chukwuemeka Ngozi Emeka Paul-Henri
Jean-Bedel Thérèse Dieudonné Fortunat Célestin Félicité Espérance Innocent Aimé Honorine Fidèle Prudence Rivo Hery
Andry Voahangy Nguyen Thi Minh Van Duc Linh Phuong Wei Li Xiaoming Jianguo Haruki Yukiko Kenji Ji-hoon Soo-jin Sergueï
Dmitri Vladimir Ivan Oleg Olga Tatiana Svetlana Ekaterina Noursoultan Daniyar Aïgoul Serik Bakytjan Timour Gulnara
Askar Roustam Farhod Vakhtang Guiorgui Nino Tamar Armen Hovhannès Garabed Siranouch Mehmet Ahmet Ayşe Kemal Fatma José
João António Manuel Fernanda Conceição Maria Luís Ricardo Pedro Carmen Dolores Jesús Giovanni Giuseppe Luigi Rosalba
Enzo Piotr Wojciech Agnieszka Stanisław Jaroslav Zdeněk Milan Vesna Slobodan Dragan Ioana Mircea Nicolae Ferenc László
Björn Lars Ingrid Søren Aino Matti William Edward Henry Margaret Elizabeth James Winston Barack Samuel Salomon Isaac
Moïse Esther Rachel Élie Ézéchiel Sarah Yitzhak Shlomo Rivka Hassan Hussein Ali Reza Farah Leïla Nadia Samira Yasmina
Djamila Malika Zohra Fadela Omar Tarek Walid Bachar Rafic Saad Nabih Walid Teva Moana Hinano Tamatoa Wassissi Kanak
Pouvanaa Roch Rock Jean-Marie Jean-Pierre Jean-Luc Jean-Baptiste Jean-François Marie-Claire Marie-Thérèse Anne-Sophie
Pierre-Yves Paul-Émile Charles-Henri Marc-Antoine Marie-Laure""".split()

LAST = """Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux David
Bertrand Morel Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefèvre Faure Mercier Blanc
Guérin Boyer Garnier Chevalier François Legrand Gauthier Garcia Perrin Robin Clément Morin Henry Nicolas Roussel
Gautier Masson Marchand Duval Denis Dumont Lemaire Noël Meyer Dufour Meunier Brun Blanchard Giraud Joly Rivière Lucas
Brunet Gaillard Barbier Arnaud Martinez Gérard Roche Renard Schmitt Roy Leroux Colin Vidal Caron Picard Roger Fabre
Aubert Lemoine Renaud Dumas Lacroix Olivier Philippe Bourgeois Pierre Benoit Rey Leclerc Payet Rolland Leclercq
Guillaume Lecomte Lopez Jean Dupuy Guillot Hubert Berger Carpentier Sanchez Dupuis Moulin Louis Deschamps Huet Vasseur
Perez Boucher Fleury Royer Klein Jacquet Adam Paris Poirier Marty Aubry Guyot Carré Charles Renault Charpentier Ménard
Maillard Baron Bertin Bailly Hervé Schneider Fernandez Collet Léger Bouvier Julien Prévost Millet Perrot Daniel
Cadet Hoarau Grondin Boyer Bègue Ethève Lebon Le Gall Le Goff Kermarrec Quéméneur Guivarc'h Pouliquen Abgrall
Cloarec Riou Le Bihan Etcheverry Iribarne Etchegaray Harispe Mattei Casanova Paoli Luciani Colonna Ottaviani
Orsoni Schwendenmann Muckensturm Klughertz Dreyfus Vandenbroucke Vandenberghe Deroo Haezebrouck Verhaeghe Cazeneuve
Lacoste Puig Bordes Capdevielle Lassalle Diop Ndiaye Fall Sarr Mbaye Diallo Bah Traoré Coulibaly Keïta Konaté
Ouédraogo Sawadogo Kaboré Kouamé Ouattara Bédié Gbagbo Houphouët Adjavon Gnassingbé Agbéyomé Mbeki Okonjo Adesina
Nkurunziza Habyarimana Tshisekedi Kabila Sassou Bongo Biya Ahidjo Ratsiraka Rajoelina Rakotomalala Andrianarivo
Benali Bensaïd Boumediene Cherkaoui Alaoui Fassi Barka Bouteflika Zitouni Hamrouche Trabelsi Jaziri Nguyên Trân
Phạm Wang Zhang Chen Liu Nakamura Suzuki Tanaka Park Kim Ivanov Petrov Sokolov Kouznetsov Nazarbaïev Tokaïev Karimov
Rakhmonov Berdymoukhamedov Akaïev Saakachvili Chevardnadzé Ter-Petrossian Sarkissian Kotcharian Aznavourian Erdoğan
Yılmaz Demirel Ferreira Pereira Oliveira Rossi Bianchi Kowalski Nowak Havel Novák Jovanović Popescu Ionescu
Kovács Szabó Andersson Johansson Smith Jones Johnson Brown Cohen Lévy Azoulay Benhamou Assayag Tahar Teriitahi Wamytan
Tjibaou Naisseline Machoro Salvan Bourdelot Trémouille Vaugeois Lhermitte Quesnel Blondeau Tessier Rochereau Chauveau
Barthélemy Delacourt Montferrand Chabannes Pontbriand Beauregard Malherbe""".split()

LAST = [name for name in LAST if name not in ("Le", "Gall", "Goff", "Bihan")] + ["Le Gall", "Le Goff", "Le Bihan", "Le Guen", "Le Floc'h", "Le Dantec"]

PLACES_OF_NAMES = """Villiers Brissac Lusignan Castellane Polignac Noailles Broglie Kergorlay Montalembert Saint-Simon
La-Tour Rosanbo Choiseul Luynes Mac-Mahon Freycinet Vogüé Clermont-Tonnerre""".split()

# name, kind: f feminine, m masculine, v elided (f), w elided (m), p plural, n no article
COUNTRIES = [tuple(line.split("|")) for line in """France|f
Belgique|f
Suisse|f
Espagne|v
Italie|v
Allemagne|v
Grèce|f
Turquie|f
Russie|f
Ukraine|v
Pologne|f
Roumanie|f
Bulgarie|f
Géorgie|f
Arménie|v
Azerbaïdjan|w
Kazakhstan|m
Kirghizistan|m
Ouzbékistan|w
Tadjikistan|m
Turkménistan|m
Mongolie|f
Chine|f
Japon|m
Corée du Sud|f
Viêt Nam|m
Laos|m
Cambodge|m
Inde|v
Pakistan|m
Afghanistan|w
Iran|w
Irak|w
Syrie|f
Liban|m
Israël|n
Jordanie|f
Égypte|v
Libye|f
Tunisie|f
Algérie|v
Maroc|m
Mauritanie|f
Sénégal|m
Mali|m
Niger|m
Tchad|m
Burkina Faso|m
Côte d'Ivoire|f
Guinée|f
Bénin|m
Togo|m
Ghana|m
Nigeria|m
Cameroun|m
Gabon|m
Congo|m
République démocratique du Congo|f
Centrafrique|f
Rwanda|m
Burundi|m
Madagascar|n
Comores|p
Djibouti|n
Éthiopie|v
Kenya|m
Tanzanie|f
Angola|w
Mozambique|m
Afrique du Sud|v
États-Unis|p
Canada|m
Mexique|m
Cuba|n
Haïti|n
Brésil|m
Argentine|v
Chili|m
Pérou|m
Colombie|f
Venezuela|m
Australie|v
Royaume-Uni|m
Irlande|v
Pays-Bas|p
Portugal|m
Danemark|m
Suède|f
Norvège|f
Finlande|f
Estonie|v
Lettonie|f
Lituanie|f
Hongrie|f
Autriche|v
Serbie|f
Croatie|f
Slovénie|f
Albanie|v
Moldavie|f
Arabie saoudite|v
Qatar|m
Émirats arabes unis|p
Yémen|m
Oman|n
Koweït|m
Indonésie|v
Philippines|p
Malaisie|f
Singapour|n
Monaco|n
Luxembourg|m
Malte|n
Chypre|n
Vanuatu|m
Bosnie-Herzégovine|f
Slovaquie|f
République tchèque|f
Biélorussie|f
Macédoine du Nord|f
Monténégro|m
Kosovo|m
Islande|v
Thaïlande|f
Birmanie|f
Bangladesh|m
Népal|m
Sri Lanka|m
Bhoutan|m
Corée du Nord|f
Taïwan|n
Nouvelle-Zélande|f
Soudan|m
Somalie|f
Érythrée|v
Ouganda|w
Zambie|f
Zimbabwe|m
Namibie|f
Botswana|m
Gambie|f
Sierra Leone|f
Liberia|m
Guinée équatoriale|f
Cap-Vert|m
Bolivie|f
Équateur|w
Paraguay|m
Uruguay|w
Guatemala|m
Honduras|m
Nicaragua|m
Costa Rica|m
Panama|m
Salvador|m
Jamaïque|f
République dominicaine|f
Bahreïn|n
Palestine|f
Maldives|p
Seychelles|p
Eswatini|w
URSS|v
Prusse|f
Tchécoslovaquie|f
Indochine|v
Yougoslavie|f
Empire ottoman|w""".split("\n")]
STATES = """République du Kazakhstan|République de Géorgie|République d'Arménie|République fédérale d'Allemagne|République
italienne|République hellénique|République de Turquie|République islamique d'Iran|République populaire de Chine|République
socialiste du Viêt Nam|République du Sénégal|République de Côte d'Ivoire|République du Mali|République du Bénin|République
togolaise|République gabonaise|République du Congo|République du Tchad|République de Madagascar|République d'Haïti|République
argentine|République fédérative du Brésil|République de Cuba|République kirghize|République d'Ouzbékistan|République du
Tadjikistan|République de Moldavie|République tchèque|République slovaque|République de Pologne|République
d'Estonie|République de Corée|République arabe syrienne|République libanaise|République tunisienne|République algérienne
démocratique et populaire|République islamique de Mauritanie|République du Niger|République de Djibouti|République
d'Angola|République d'Afrique du Sud|République centrafricaine|République de l'Inde|République de Guinée|République
du Rwanda|République fédérale du Nigeria|République d'Azerbaïdjan|République du Cameroun|République de Serbie|République
de Croatie|République portugaise|République de Finlande|République d'Indonésie|République unie de Tanzanie""".replace("\n", " ").split("|")
STATES_M = """Royaume du Maroc|Royaume de Belgique|royaume d'Espagne|Royaume de Suède|Royaume des Pays-Bas|royaume de
Danemark|Grand-Duché de Luxembourg|Royaume du Cambodge|royaume de Thaïlande|Sultanat d'Oman|Commonwealth d'Australie|État
d'Israël|Royaume hachémite de Jordanie|royaume d'Arabie saoudite|royaume de Norvège""".replace("\n", " ").split("|")
RIVERS_F = "Loire Seine Garonne Vilaine Meuse Moselle Marne Saône Dordogne Durance Creuse Vienne Sarthe Mayenne Charente Somme Drôme Neva Volga Vistule Tamise".split()
RIVERS_M = "Rhône Rhin Danube Tarn Lot Cher Doubs Gard Var Niger Congo Nil Mékong Syr-Daria Tigre Mississippi Saint-Laurent Jourdain".split()
SEAS = """mer Caspienne|mer Noire|mer Rouge|mer Baltique|mer du Nord|mer Égée|mer d'Aral|mer d'Azov|mer Morte|mer Adriatique|mer de
Chine méridionale|mer Ionienne|mer d'Iroise|mer de Barents|mer des Caraïbes|mer Tyrrhénienne|mer d'Oman|mer de Marmara""".replace("\n", " ").split("|")
CELESTIAL = "Mars Vénus Jupiter Saturne Titan Encelade Pluton Cérès Neptune Uranus Europe Phobos Mercure".split()
STARS = """Andromède Cassiopée Véga Sirius Arcturus Aldébaran Bételgeuse Antarès Rigel Altaïr Proxima Alcor Mizar Sagittarius Callisto Ganymède Io Triton Charon
Éris Sedna Vesta Pallas Junon Hypérion Rhéa Téthys Mimas Japet Miranda Obéron Ariel Nix Bennu Ryugu Apophis Éros""".split()

ACRONYM_LETTERS = "ABCDEFGIJLMNOPRSTUV"
FIRM = """Nova Alta Soli Verti Medi Agri Hydro Aéro Poly Trans Euro Franco Ama Bel Car Dori Kaz Lux Oro Pluri Rhodi Séqua
Terra Vali Zéphy Armo Bati Calo Logi Méca Numé Opti Proxi Sani Thermo Uni Vita Kazakh Cimen Atlan Gas Petro Néo""".split()
FIRM_END = """tech lys med bat plast pharm logis gaz bois tel cap dis sys nor sol vert tal max dia sport ène éa is a ex co
text fer métal énergie pack food trans com ing stal mour ville ron vance com mont""".split()
# Names of craft, ships, products and the like, which are no entities; any other name may be one of them.
THINGS = """Aurore Odyssée Espérance Horizon Pionnier Magellan Kepler Galilée Hermès Athéna Artémis Minerve Prométhée Hélios Argos Pégase Orion Phénix Mercator
Triomphant Redoutable Belle-Poule Confiance Étoile Albatros Goéland Astrolabe Boussole Persévérance Curiosité Audace Hayabusa Chang'e Sputnik Ranger Insight Explorer Voyager
Discovery Columbia Endurance Navigator Sentinel Zéphyr Mistral Tramontane Neptune Junon Vesta Phobos Mars Vega Spirit Shenzhou Venera Atlantis""".split()
TITLE_HEADS = "Shadow of|Legends of|Call of|Rise of|Return to|Children of|Les Ombres de|La Nuit de|Le Secret de|Les Enfants de|Le Retour de|L'Affaire|Les Derniers Jours de|Journey to|The Book of|Empire of".split("|")
TITLES = "Eclipse|Hollow Night|Dark Harbor|Iron Valley|Northern Light|Overdrive|Stardust|Le Veilleur|Les Marées|La Traversée|Le Grand Froid|Mille Soleils|Contre-jour|Sans retour|Red Frontier|Silent Peak|Les Égarés|Ultramar|Paper Moon|Les Invisibles".split("|")
TRADES = """Menuiserie Boulangerie Charpentes Maçonnerie Plomberie Transports Garage Ambulances Carrières Scierie Brasserie
Imprimerie Librairie Pharmacie Pépinières Verreries Filatures Tanneries Forges Fonderies Minoteries Distillerie Laiterie
Fromagerie Conserveries Ateliers Chantiers Entrepôts Sablières Éditions Cycles Autocars Couverture Peinture""".split()
MINISTRIES = """de l'Intérieur|de la Justice|des Affaires étrangères|de l'Économie et des Finances|de la Défense|de la
Guerre|de la Marine|des Colonies|de l'Instruction publique|de l'Éducation nationale|de la Santé|de la Santé et de la
Prévention|du Travail|du Travail et de l'Emploi|de l'Agriculture|de l'Agriculture et de la Souveraineté alimentaire|des
Travaux publics|du Commerce|de l'Industrie|des Armées|de la Culture|de la Culture et de la Communication|de la Transition
écologique|de l'Écologie, du Développement durable et de l'Énergie|des Transports|des Sports|des Outre-mer|de
l'Enseignement supérieur et de la Recherche|de la Fonction publique|du Budget|de l'Énergie|du Pétrole et du Gaz|de la
Cohésion des territoires|du Logement|de l'Intérieur et des Outre-mer|de l'Europe et des Affaires étrangères|des Postes et
Télégraphes|de la Famille|de la Coopération|de l'Équipement""".replace("\n", " ").split("|")
ADJECTIVES = "kazakh russe allemand italien marocain tunisien sénégalais malien ivoirien libanais géorgien japonais chinois turc belge suisse espagnol roumain polonais canadien gabonais ouzbek vietnamien arménien ukrainien".split()
SUBJECTS = """pêche|la recherche agronomique|la protection de la nature|l'histoire moderne|chirurgie|la coopération
culturelle|l'énergie atomique|développement|statistique|l'aviation civile|la santé animale|l'eau potable|physique du
globe|linguistique|la jeunesse|le climat|l'hygiène publique|géographie|la construction navale|les droits de
l'enfant|botanique|la prévention routière|la navigation|la sécurité sociale|l'enseignement agricole|le patrimoine
industriel""".replace("\n", " ").split("|")
SAINTS = "Martin Pierre Michel Germain Denis Sulpice Louis Joseph Vincent Éloi Maclou Nicolas Étienne Julien Corentin Tugdual Pol Rémi Médard Roch Jacques".split()
# Real bodies, with their articles (f m v w p as in COUNTRIES).
BODIES = [tuple(x.strip().rsplit("/", 1)) for x in """Autorité de la concurrence/v|Défenseur des droits/m|Autorité des marchés financiers/v|Agence française de développement/v|
Caisse des dépôts et consignations/f|Banque de France/f|Conseil supérieur de l'audiovisuel/m|Haute Autorité de santé/f|Commission nationale de l'informatique et des libertés/f|
Office français de la biodiversité/w|Institut Pasteur/w|Légion étrangère/f|Secours populaire/m|Secours catholique/m|Ligue de l'enseignement/f|Ligue des droits de l'homme/f|
Confédération générale du travail/f|Confédération paysanne/f|Force ouvrière/n|Union des industries métallurgiques/v|Société nationale des chemins de fer français/f|
Électricité de France/v|Gaz de France/w|Charbonnages de France/p|Régie Renault/f|La Poste/n|Pôle emploi/n|France Travail/n|Trésor public/m|Samu social/m|Emmaüs/n|Médecins sans frontières/n|
Organisation des Nations unies/v|Organisation mondiale du commerce/v|Organisation internationale du travail/v|Organisation du traité de l'Atlantique nord/v|Fonds monétaire international/m|
Banque mondiale/f|Banque européenne d'investissement/f|Banque centrale européenne/f|Conseil de l'Europe/m|Ligue arabe/f|Union africaine/v|Union européenne/v|Commission européenne/f|
Cour de justice de l'Union européenne/f|Cour européenne des droits de l'homme/f|Cour internationale de justice/f|Société des Nations/f|Comité international de la Croix-Rouge/m|
Haut-Commissariat aux réfugiés/m|Programme alimentaire mondial/m|Communauté des États indépendants/f|Organisation de coopération de Shanghai/v|Saint-Siège/m|
Chambre des lords/f|Bundestag/m|Bundesbank/f|Douma/f|Knesset/f|Politburo/m|Komintern/m|Comité de salut public/m|Convention nationale/f|Chambre des députés/f|Sûreté générale/f|
Préfecture de police/f|Brigade des mineurs/f|Garde républicaine/f|Armée du Rhin/v|École polytechnique/v|École normale supérieure/v|École nationale d'administration/v|Sorbonne/f|
Collège de France/m|Muséum national d'histoire naturelle/m|Bibliothèque nationale de France/f|Comédie-Française/f|Opéra de Paris/w|Archives nationales/p|Centre national de la recherche scientifique/m|
Commissariat à l'énergie atomique/m|Agence spatiale européenne/v|Académie des inscriptions et belles-lettres/v|Société de géographie/f|Touring-Club de France/m|Conseil économique et social/m|
Rassemblement du peuple français/m|Union pour un mouvement populaire/v|La France insoumise/n|Les Républicains/n|Europe Écologie Les Verts/n|Parti communiste français/m|Front populaire/m|Action française/v|
Frères musulmans/p|Hezbollah/m|Khmers rouges/p|Front de libération nationale/m|Armée rouge/v|Croissant-Rouge/m|Armée du Salut/v|Société protectrice des animaux/f|Compagnie de Jésus/f""".replace("\n", "").split("|")]
STREET = "rue|rue|rue|avenue|boulevard|place|impasse|quai|allée|chemin|cours|passage|square|route|venelle|ruelle".split("|")
STREET_OF = """de la République|de la Paix|du Général-Leclerc|Jean-Jaurès|Gambetta|Victor-Hugo|de Siam|des Carmes|du Pré-Botté|de
la Gare|de l'Église|du Moulin|des Lilas|Pasteur|Carnot|Voltaire|Saint-Honoré|des Martyrs|du Bac|de Rivoli|aux
Ours|Foch|des Tanneurs|de l'Abreuvoir|du Vieux-Pont|Thiers|Faidherbe|du 11-Novembre|du 8-Mai-1945|Léon-Blum|Jules-Ferry|de la
Liberté|d'Alsace|du Commerce|des Halles|Lafayette|de Strasbourg|de Verdun|des Ursulines|Saint-Martin|de la
Monnaie|Paul-Doumer|du Port|des Écoles|Kléber|de la Bourse|aux Herbes|du Maréchal-Joffre|Sainte-Catherine|de la
Marne""".replace("\n", " ").split("|")
VOWELS = "aeiouyâàäéèêëîïôöûùüœæh"


def plain(text):
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def elides(name):
    first = plain(name[:1]).lower()
    return first in "aeiouœ" or (first == "h" and name[:2].lower() in ("hé", "ha", "hi") and name[:4] not in ("Haut", "Hait")) or (first == "y" and plain(name[1:2]).lower() not in "aeiou")


def mark(name, label):
    return "{{" + name + "#" + label + "}}" if label else name


class Place:
    """A name with its article: kind as in COUNTRIES; town articles are part of the name (`Le Mans`)."""

    def __init__(self, name, kind, town=False):
        self.name, self.kind, self.town = name.replace("’", "'"), kind, town

    def _split(self):
        if self.town:
            for article, kind in (("Le ", "m"), ("Les ", "p")):
                if self.name.startswith(article):
                    return self.name[len(article):], kind
        return self.name, self.kind

    def _with(self, words, label):
        name, kind = self._split()
        plural, masculine, feminine, elided, none = words
        word = {"p": plural, "m": masculine, "f": feminine, "v": elided, "w": elided, "n": none}[kind]
        return word + mark(name, label)

    def de(self, label=None, article=True):
        """`de la France`, or without the article of feminine countries: `ambassade de France`."""
        none = "d'" if elides(self.name) else "de "
        bare = not article
        return self._with(("des ", "du ", none if bare else "de la ", none if bare else "de l'", none), label)

    def a(self, label=None):
        if self.name in ("Israël", "Haïti"):
            return "en " + mark(self.name, label)
        if self.name.startswith("Empire "):
            return "dans l'" + mark(self.name, label)
        if self.town or self.kind == "n":
            return self._with(("aux ", "au ", "à ", "à ", "à "), label)
        return self._with(("aux ", "au ", "en ", "en ", "à "), label)

    def the(self, label=None):
        if self.town:
            return mark(self.name, label)
        return self._with(("les ", "le ", "la ", "l'", ""), label)

    def bare(self, label=None):
        return mark(self.name, label)


class Names:
    def __init__(self, lists):
        self.lists = lists

    # persons
    def first(self, r):
        if r.random() < 0.72:
            return r.choice(FIRST)
        return r.choice(self.lists["parts"])

    def last(self, r):
        x = r.random()
        if x < 0.40:
            name = r.choice(LAST)
            return name
        if x < 0.78:
            return r.choice(self.lists["parts"])
        if x < 0.84:
            return r.choice(LAST) + "-" + r.choice(LAST)
        if x < 0.87:
            return r.choice(LAST) + " " + r.choice(self.lists["parts"])
        if x < 0.92:
            place = r.choice(PLACES_OF_NAMES + [r.choice(self.lists["towns"])[0]]).replace("La-", "La ")
            return ("d'" if elides(place) else "de ") + place.removeprefix("Le ").removeprefix("Les ")
        if x < 0.95:
            name = r.choice(LAST + self.lists["parts"][:400])
            return r.choice(["Le ", "La ", "Van ", "Von ", "El ", "Ben ", "Di ", "Mac ", "Ould ", "de l'" if elides(name) else "de la ", "van den ", "N'"]) + name
        return r.choice(self.lists["communes"])[0].split("-")[0].removeprefix("Les ").removeprefix("L'") or "Martin"

    def person(self, r):
        first = self.first(r)
        x = r.random()
        if x < 0.08:
            first += "-" + r.choice(FIRST)
        elif x < 0.14:
            first += " " + self.first(r)
        elif x < 0.20:
            first = ".-".join(p[0] for p in first.split("-")) + "."
        elif x < 0.22:
            first = first[0] + ". " + r.choice("ABCDEFGHJLMPRST") + "."
        return first, self.last(r)

    # places
    def town(self, r):
        x = r.random()
        if x < 0.45:
            name, link = r.choice(self.lists["communes"])
        elif x < 0.7:
            name, link = r.choice(self.lists["towns"])
        elif x < 0.78:
            name, link = r.choice("Paris Lyon Marseille Rennes Brest Lille Nantes Bordeaux Tours Nice Angers Orléans Moscou Londres Rome Berlin Bruxelles Genève Alger Dakar Abidjan Astana Almaty Tbilissi Pékin".split()), 0
        else:
            name, link = r.choice(self.lists["cities"]), 0
        return Place(name, "n", town=True)

    def departement(self, r):
        name, link = r.choice(self.lists["departements"])
        kind = {0: "n", 1: "n", 2: "m", 3: "f", 4: "p", 5: "v"}.get(link, "n")
        return Place(name, kind)

    def region(self, r):
        return Place(*r.choice([("Bretagne", "f"), ("Normandie", "f"), ("Occitanie", "v"), ("Grand Est", "m"), ("Île-de-France", "v"),
                                ("Nouvelle-Aquitaine", "f"), ("Hauts-de-France", "p"), ("Pays de la Loire", "p"), ("Centre-Val de Loire", "m"), ("Corse", "f"),
                                ("Auvergne-Rhône-Alpes", "n"), ("Bourgogne-Franche-Comté", "f"), ("Provence-Alpes-Côte d'Azur", "n"), ("Guadeloupe", "f"), ("Martinique", "f"), ("Guyane", "f")]))

    def country(self, r):
        return Place(*r.choice(COUNTRIES))

    def state(self, r):
        if r.random() < 0.3:
            return Place("République française", "f")
        if r.random() < 0.2:
            name = r.choice(STATES_M)
            return Place(name, "w" if elides(name) else "m")
        return Place(r.choice(STATES), "f")

    def street(self, r):
        of = r.choice(STREET_OF) if r.random() < 0.6 else r.choice([
            lambda: "-".join(self.person(r)).replace(" ", "-").replace(".", ""), lambda: self.town(r).de(),
            lambda: "du " + r.choice(["Docteur", "Colonel", "Commandant", "Président"]) + "-" + r.choice(LAST),
            lambda: " ".join([r.choice(FIRST), r.choice(LAST)])])()
        return r.choice(STREET) + " " + of

    def feature(self, r):
        """A natural feature or site with its head, and its article."""
        town, part = self.town(r), r.choice(self.lists["parts"])
        kind, name = r.choice([
            ("f", r.choice(SEAS)), ("f", r.choice(SEAS)), ("m", "mont " + r.choice(["Noir", "Ventoux", "Blanc", "Aigoual", "Rose", "Ararat", "Chauve", part])),
            ("m", "lac " + r.choice(["Léman", "Balkhach", "Tchad", "Victoria", town.de(), part])), ("m", "golfe " + r.choice(["Persique", "du Morbihan", "de Gascogne", "de Guinée", town.de()])),
            ("f", "vallée " + r.choice(["de la Maurienne", "du Rhône", "de l'Ubaye", "de la " + r.choice(RIVERS_F), "du " + r.choice(RIVERS_M), town.de()])),
            ("f", "forêt " + town.de()), ("m", "col " + r.choice(["du Galibier", "de la Schlucht", "du Lautaret", town.de()])), ("f", "baie " + town.de()), ("v", "île " + r.choice(["de Sein", "d'Ouessant", "de Groix", "Maurice", town.de()])),
            ("f", "gare " + r.choice([town.de(), "Saint-" + r.choice(SAINTS)])), ("w", "aéroport " + town.de()), ("m", "château " + town.de()), ("f", "place " + r.choice(STREET_OF)),
            ("m", "pont " + r.choice([town.de(), "de Recouvrance", "Saint-" + r.choice(SAINTS), "Alexandre-III"])), ("v", "église Saint-" + r.choice(SAINTS)), ("f", "chapelle Sainte-" + r.choice(["Anne", "Barbe", "Marguerite", "Catherine"])),
            ("m", "cimetière " + r.choice([town.de(), "du Père-Lachaise", "Saint-" + r.choice(SAINTS)])), ("m", "stade " + r.choice(["Vélodrome", r.choice(FIRST) + "-" + r.choice(LAST), town.de()])), ("m", "port " + town.de()),
            ("f", "pointe " + r.choice(["du Raz", "des Espagnols", town.de()])), ("m", "massif " + r.choice(["de la Vanoise", "du Hoggar", "des Écrins", "central"])), ("m", "canal " + r.choice(["du Midi", "de Suez", "de Nantes à Brest", town.de()])),
            ("m", "cap " + r.choice(["Fréhel", "Horn", "de la Hague", part])), ("m", "désert " + r.choice(["de Gobi", "du Sahara", "du Kyzylkoum", "du Namib"])), ("m", "champ " + r.choice(["de Kachagan", "de Karatchaganak", "de Tengiz", town.de()])), ("m", "détroit " + r.choice(["d'Ormuz", "de Gibraltar", "de Béring"])),
            ("f", "cathédrale Saint-" + r.choice(SAINTS)), ("v", "abbaye " + town.de()), ("f", "presqu'île " + r.choice(["de Crozon", "du Cotentin", town.de()])), ("m", "phare " + town.de()), ("f", "plaine " + town.de()),
        ])
        return Place(name, kind)

    # organisations
    def acronym(self, r):
        if r.random() < 0.3:
            return r.choice(self.lists["acronyms"])
        n = r.choice([2, 3, 3, 3, 4, 4, 5])
        letters = [r.choice(ACRONYM_LETTERS) for _ in range(n)]
        return "".join(letters) if r.random() < 0.93 else ".".join(letters) + "."

    def firm(self, r):
        if r.random() < 0.3:
            return r.choice(self.lists["companies"])
        brand = r.choice(FIRM) + r.choice(FIRM_END)
        last = r.choice(LAST) if r.random() < 0.7 else r.choice(self.lists["parts"])
        town = self.town(r).de()
        if r.random() < 0.2:
            part = r.choice(self.lists["parts"])
            return r.choice([f"{part} {r.choice(['Bank', 'Banking Corporation', 'Oil Company', 'Motors', 'Steel', 'Airlines', 'Shipping', 'Trading'])}", f"{last} & Sons Ltd", f"{last} GmbH", f"{part} S.p.A.", f"{brand} Inc.", f"{brand} LLC",
                             f"{part} and {last} {r.choice(['Company', 'Corporation', 'Partners'])}", f"Bank of {part}", f"{part}bank", f"{part}neft", f"{part}gaz", f"Kaz{part}", f"{part} AG", f"Financière {self.town(r).de()}", f"SNC {r.choice(['Les', 'Le'])} {r.choice(['Chalets', 'Jardins', 'Terrasses', 'Clos'])} {self.town(r).de()}",
                             f"GAEC {r.choice(['de la Vallée', 'du Chêne', 'du Tertre', 'de la Grange', 'du Moulin', 'du ' + part])}" if not elides(part) else f"GAEC {part}", f"EARL {last}", f"{brand} {self.country(r).name}", f"{r.choice(TRADES)} {r.choice(['réunies', 'nouvelles', 'du Nord', 'modernes'])}", f"{part}-{last}", f"Compagnie {r.choice(['internationale', 'française', 'maritime', 'minière'])} {self.country(r).de()}"])
        return r.choice([
            brand, brand, brand.upper(), brand + " " + r.choice(["Industries", "Énergie", "France", "Holding", "Systems", "Group", "International", "SA", "SARL", "S.A.", "Technologies", "Immobilier", "Santé"]),
            f"{last} et Fils", f"{last} & Cie", f"{last} frères", f"SARL {last}", f"SARL {last} et Fils", f"SCI {r.choice(['Les', 'Le Clos', 'Domaine']) + ' ' + r.choice(LAST)}", f"Établissements {last}", f"Ets {last}", f"Maison {last}",
            f"{r.choice(TRADES)} {last}", f"{r.choice(TRADES)} {town}", f"Société {r.choice(['générale', 'anonyme', 'nouvelle', 'industrielle'])} {town}", f"Compagnie {r.choice(['des chemins de fer', 'des mines', 'du gaz', 'des eaux', 'générale des omnibus'])} {town}",
            f"Banque {town}", f"Banque {r.choice(['populaire', 'nationale', 'régionale'])} {town}", f"Crédit {r.choice(['agricole', 'mutuel', 'foncier', 'lyonnais'])} {town}", f"Caisse d'épargne {town}", f"{last} {r.choice(['Automobiles', 'Construction', 'Conseil', 'Avocats', 'Motors', 'Oil'])}",
            f"SCP {last}", f"SCP {last}-{r.choice(LAST)}", f"SCP {last}, {r.choice(LAST)} et {r.choice(LAST)}", f"SCP {last} et {r.choice(LAST)}", f"SELARL {last} {r.choice(LAST)}", f"cabinet {last}-{r.choice(LAST)}", f"SAS {brand}", f"Groupe {brand}",
        ])

    def institution(self, r):
        """An organisation with its seat or domain, and its article."""
        town, dept, country = self.town(r), self.departement(r), self.country(r)
        region, host = self.region(r), self.country(r)
        acronym_country = country.de(article=False)
        embassy = f"{'ambassade' if r.random() < .8 else 'Ambassade'} {acronym_country} {host.a()}"
        if r.random() < 0.15:
            return Place(*r.choice(BODIES))
        kind, name = r.choice([
            lambda: ("f", r.choice(["préfecture ", "Préfecture "]) + dept.de()), lambda: ("f", "préfecture " + r.choice([dept, region]).de()), lambda: ("f", "sous-préfecture " + town.de()), lambda: ("f", r.choice(["mairie ", "Mairie "]) + town.de()),
            lambda: ("m", r.choice(["conseil municipal ", "Conseil municipal "]) + town.de()), lambda: ("m", r.choice(["conseil départemental ", "conseil général ", "Conseil départemental "]) + dept.de()), lambda: ("m", "conseil régional " + region.de()),
            lambda: ("m", r.choice(["tribunal judiciaire ", "tribunal de grande instance ", "tribunal de commerce ", "tribunal administratif ", "tribunal correctionnel ", "tribunal de première instance ", "tribunal civil ", "conseil de prud'hommes ", "Tribunal de grande instance ", "tribunal pour enfants "]) + town.de()),
            lambda: ("f", r.choice(["cour d'appel ", "cour administrative d'appel ", "Cour d'appel "]) + town.de()), lambda: ("f", r.choice(["cour d'assises ", "chambre d'agriculture "]) + dept.de()), lambda: ("m", r.choice(["parquet ", "barreau ", "rectorat ", "diocèse "][:2]) + town.de()),
            lambda: ("v", embassy), lambda: ("f", embassy.replace("ambassade", "légation").replace("Ambassade", "Légation")),
            lambda: ("f", f"mission {acronym_country} auprès de l'{r.choice(['ONU', 'OMS', 'OCDE', 'UNESCO'])}"), lambda: ("v", f"agence {town.de()} {r.choice(['de la Société générale', 'de la Caisse d’épargne', 'du Crédit agricole', 'de la Banque de France'])}".replace("’", "'")),
            lambda: ("m", f"syndicat intercommunal {r.choice(['à vocations multiples', 'd’adduction d’eau', 'des transports', 'scolaire'])} {town.de()}".replace("’", "'")), lambda: ("w", f"hospice {town.de()}"), lambda: ("m", f"service {r.choice(['des eaux', 'historique', 'de l’urbanisme'])} de la ville {town.de()}".replace("’", "'")),
            lambda: ("m", f"lycée {r.choice(FIRST)}-{r.choice(LAST)}".replace(" Le ", " ")), lambda: ("f", f"légation {host.de(article=False)} {self.country(r).a()}"), lambda: ("m", f"barreau {town.de()}"), lambda: ("m", f"rectorat {town.de()}"), lambda: ("m", f"consulat{r.choice(['', ' général'])} {acronym_country} {town.a()}"), lambda: ("m", "ministère " + r.choice(MINISTRIES)), lambda: ("m", "Ministère " + r.choice(MINISTRIES)),
            lambda: ("m", f"ministère {r.choice(ADJECTIVES)} {r.choice(MINISTRIES)}"), lambda: ("f", f"direction départementale des {r.choice(['territoires', 'finances publiques', 'services vétérinaires'])} {dept.de()}"),
            lambda: ("f", f"direction {r.choice(['générale', 'centrale', 'régionale'])} de {r.choice(['la police nationale', 'l’aviation civile', 'la sécurité intérieure', 'l’environnement'])}".replace("’", "'")), lambda: ("f", f"chambre de commerce et d'industrie {town.de()}"),
            lambda: ("m", f"syndicat mixte {r.choice(['du bassin', 'des eaux', 'de traitement des déchets', 'du pays'])} {town.de()}"), lambda: ("f", f"communauté {r.choice(['de communes', 'd’agglomération', 'urbaine'])} {r.choice(self.lists['epci'])[1]}".replace("’", "'")), lambda: ("v", f"université {town.de()}"), lambda: ("v", f"Université {town.de()}"),
            lambda: ("m", f"lycée {r.choice([r.choice(FIRST) + '-' + r.choice(LAST), 'Saint-' + r.choice(SAINTS), r.choice(LAST)])}"), lambda: ("m", f"collège {r.choice([r.choice(FIRST) + '-' + r.choice(LAST), 'Saint-' + r.choice(SAINTS)])}"), lambda: ("v", f"école {r.choice(['normale', 'de musique', 'des beaux-arts', 'maternelle'])} {town.de()}"),
            lambda: ("m", f"CHU {town.de()}"), lambda: ("m", f"centre hospitalier {town.de()}"), lambda: ("w", f"hôpital {r.choice(['Saint-' + r.choice(SAINTS), r.choice(LAST), town.de()])}"), lambda: ("m", f"musée {r.choice(['des Beaux-Arts ' + town.de(), r.choice(LAST), town.de()])}"),
            lambda: ("w", f"Institut {r.choice(['national', 'français', 'océanographique', 'royal'])} de {r.choice(SUBJECTS)}".replace("de le ", "du ").replace("de les ", "des ")), lambda: ("f", f"Fédération {r.choice(['française', 'nationale', 'internationale'])} de {r.choice(SUBJECTS)}".replace("de le ", "du ").replace("de les ", "des ")),
            lambda: ("v", f"Association {r.choice(['française', 'nationale', 'départementale'])} pour {r.choice([s for s in SUBJECTS if s.startswith(('la ', 'le ', 'les ', 'l'))])}"), lambda: ("f", f"Commission {r.choice(['nationale', 'européenne', 'mixte', 'interministérielle'])} de {r.choice(SUBJECTS)}".replace("de le ", "du ").replace("de les ", "des ")),
            lambda: ("w", f"Observatoire {town.de()}"), lambda: ("v", f"Académie {r.choice(['française', 'des sciences', 'nationale de médecine', 'de ' + r.choice(['Rouen', 'Nîmes', 'Stanislas'])])}"), lambda: ("m", f"syndicat {r.choice(['agricole', 'des mineurs', 'des typographes', 'd’initiative'])} {town.de()}".replace("’", "'")),
            lambda: ("m", f"bureau d'aide sociale {town.de()}"), lambda: ("w", f"Office {r.choice(['national', 'public', 'départemental'])} {r.choice(['des forêts', 'de l’habitat', 'du blé', 'de la chasse', 'de tourisme ' + town.de()])}".replace("’", "'")), lambda: ("m", f"comité {r.choice(['d’entreprise', 'des fêtes', 'de vigilance'])} {town.de()}".replace("’", "'")), 
            lambda: ("f", f"gendarmerie {town.de()}"), lambda: ("m", f"commissariat {town.de()}"), lambda: ("f", f"paroisse Saint-{r.choice(SAINTS)}"), lambda: ("f", f"caisse primaire d'assurance maladie {dept.de()}"), lambda: ("f", f"URSSAF {r.choice([dept, region]).de()}"), lambda: ("m", f"SDIS {dept.de()}"),
            lambda: ("m", f"{r.choice(['FC', 'AS', 'Stade', 'Racing Club', 'Olympique', 'Union sportive'])} {r.choice([town.de(), town.name])}"), lambda: ("m", f"Parti {r.choice(['socialiste', 'radical', 'communiste', 'républicain', 'libéral', 'du peuple', 'démocrate'])}{r.choice(['', '', ' ' + r.choice(ADJECTIVES)])}"),
            lambda: ("m", f"Parlement {r.choice(['européen', 'wallon', r.choice(ADJECTIVES)])}"), lambda: ("v", "Assemblée nationale"), lambda: ("m", "Sénat"), lambda: ("m", "Conseil d'État"), lambda: ("m", "Conseil constitutionnel"), lambda: ("f", "Cour de cassation"), lambda: ("f", f"chambre {r.choice(['sociale', 'criminelle', 'commerciale'])} de la Cour de cassation"), lambda: ("f", "Cour des comptes"),
            lambda: ("w", f"Ordre des {r.choice(['avocats', 'médecins', 'architectes', 'pharmaciens'])} {town.de()}"), lambda: ("f", "Croix-Rouge " + r.choice(["française", "internationale"])), lambda: ("f", f"Chambre des {r.choice(['députés', 'communes', 'pairs', 'notaires ' + dept.de()])}"),
        ])()
        if kind in "vw" and not elides(name) and name[0] not in "hH":
            kind = {"v": "f", "w": "m"}[kind]
        if kind in "fm" and elides(name):
            kind = {"f": "v", "m": "w"}[kind]
        return Place(name, kind)

    def paper(self, r):
        if r.random() < 0.4:
            return r.choice(self.lists["media"])
        return r.choice(["Le Monde", "Le Figaro", "L'Humanité", "Ouest-France", "La Croix", "Les Échos", "Libération", "Le Petit Parisien", "Le Temps", "L'Écho " + self.departement(r).de(), "La Dépêche " + self.town(r).de(), "Le Progrès", "Le Courrier " + self.town(r).de(), "Le Petit " + r.choice(["Niçois", "Marseillais", "Journal"]), "Nature", "La Voix du Nord", "Le Télégramme", "Sud Ouest", "Le Soir", "La Tribune", "Radio " + r.choice(["Nostalgie", "France", "Bleu Armorique"]), "France Inter", "Reuters", "AFP"])

    # no entities
    def thing(self, r):
        """The bare name of a craft, ship, product, storm …"""
        x = r.random()
        if x < 0.5:
            name = r.choice(THINGS)
        elif x < 0.75:
            name = r.choice(self.lists["parts"])
        else:
            name = r.choice(FIRM) + r.choice(FIRM_END)
        if r.random() < 0.25:
            name += r.choice(["-", " "]) + r.choice([str(r.randint(1, 25)), r.choice(["II", "III", "IV", "V"]), r.choice("ABX") + str(r.randint(1, 9))])
        return name if r.random() < 0.85 else "".join(r.choice(ACRONYM_LETTERS) for _ in range(r.choice([3, 4])))

    def title(self, r):
        """The title of a game, film, book or song."""
        if r.random() < 0.5:
            return r.choice(TITLES)
        head, name = r.choice(TITLE_HEADS) + " ", r.choice(r.choice([self.lists["parts"], THINGS]))
        if head.endswith("de ") and elides(name):
            head = head[:-2] + "'"
        return head + name + r.choice(["", "", " 2", " 3", " II"])

    def celestial(self, r):
        """A celestial body, without article: by name or catalogue code."""
        x = r.random()
        if x < 0.4:
            return r.choice(STARS + CELESTIAL)
        number = r.randint(2, 9999)
        return r.choice([f"HD {r.randint(100, 240000)}{r.choice(['', ' b', ' c'])}", f"GJ {number}{r.choice(['', ' b'])}", f"Kepler-{number}{r.choice('bcde')}", f"WASP-{r.randint(2, 190)}{r.choice('b')}", f"TOI-{number} {r.choice('bcd')}", f"NGC {number}",
                         f"M{r.randint(1, 110)}", f"SN {r.randint(1987, 2024)}{''.join(r.choice('abcdefghkmz') for _ in range(r.choice([2, 3])))}", f"KIC {r.randint(10 ** 6, 10 ** 7)}", f"HAT-P-{r.randint(1, 70)}b", f"{r.randint(1990, 2024)} {r.choice('ABCKQTUV')}{r.choice('BDFGZ')}{r.randint(2, 300)}",
                         f"PSR J{r.randint(1000, 2300)}-{r.randint(1000, 6000)}", f"DES{r.randint(13, 19)}{r.choice('CEX')}{r.randint(1, 3)}{r.choice('abnk')}{r.choice('dmxz')}", f"LHS {number} b", f"K2-{r.randint(2, 300)}b", f"Gliese {number}", f"{r.choice(['Ross', 'Wolf', 'Teegarden', 'Luyten'])} {r.randint(10, 900)}"])

    def name_like_town(self, r):
        """A surname that could be a town: one word, and one that elides now and then."""
        while True:
            name = self.town(r).name if r.random() < 0.7 else r.choice(self.lists["parts"])
            if name.isalpha() and 3 < len(name) < 12:
                return name
