//! What a gazetteer says of one entity.

use std::fmt;
use std::str::FromStr;

use nommer_core::label::Label;

use crate::table::short;

/// What sort of thing an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A human.
    Person,
    /// A body of several states.
    International,
    /// A public body.
    Institution,
    /// A ministry.
    Ministry,
    /// A court of law.
    Court,
    /// A political party.
    Party,
    /// A union of workers, employers or farmers.
    Union,
    /// A firm.
    Company,
    /// A newspaper, a broadcaster, an agency.
    Media,
    /// A school, a university, a research body.
    School,
    /// An association.
    Association,
    /// A sports club.
    Club,
    /// An armed group.
    Armed,
    /// A state, or a territory with a code of its own.
    Country,
    /// A part of a state.
    Region,
    /// A French département.
    Department,
    /// A French commune.
    Commune,
    /// Any other town or village.
    City,
    /// A state or region of the past.
    Historic,
    /// A part of the world.
    Area,
    /// A sea, a lake, a river.
    Water,
    /// A mountain, a plain, an island.
    Relief,
    /// A field, a port, a street.
    Site,
    /// A building, also as a seat of power.
    Building,
    /// A planet, a star.
    Celestial,
}

impl Kind {
    /// All kinds, in the order of their numbers.
    pub const ALL: [Kind; 25] = [
        Kind::Person,
        Kind::International,
        Kind::Institution,
        Kind::Ministry,
        Kind::Court,
        Kind::Party,
        Kind::Union,
        Kind::Company,
        Kind::Media,
        Kind::School,
        Kind::Association,
        Kind::Club,
        Kind::Armed,
        Kind::Country,
        Kind::Region,
        Kind::Department,
        Kind::Commune,
        Kind::City,
        Kind::Historic,
        Kind::Area,
        Kind::Water,
        Kind::Relief,
        Kind::Site,
        Kind::Building,
        Kind::Celestial,
    ];

    /// Its name in tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Kind::Person => "person",
            Kind::International => "international",
            Kind::Institution => "institution",
            Kind::Ministry => "ministry",
            Kind::Court => "court",
            Kind::Party => "party",
            Kind::Union => "union",
            Kind::Company => "company",
            Kind::Media => "media",
            Kind::School => "school",
            Kind::Association => "association",
            Kind::Club => "club",
            Kind::Armed => "armed",
            Kind::Country => "country",
            Kind::Region => "region",
            Kind::Department => "department",
            Kind::Commune => "commune",
            Kind::City => "city",
            Kind::Historic => "historic",
            Kind::Area => "area",
            Kind::Water => "water",
            Kind::Relief => "relief",
            Kind::Site => "site",
            Kind::Building => "building",
            Kind::Celestial => "celestial",
        }
    }

    /// The label of its mentions.
    #[must_use]
    pub const fn label(self) -> Label {
        match self {
            Kind::Person => Label::Per,
            Kind::International
            | Kind::Institution
            | Kind::Ministry
            | Kind::Court
            | Kind::Party
            | Kind::Union
            | Kind::Company
            | Kind::Media
            | Kind::School
            | Kind::Association
            | Kind::Club
            | Kind::Armed => Label::Org,
            _ => Label::Loc,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A type that is none of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown type {0:?}; the types are {types}", types = Kind::ALL.map(Kind::as_str).join(", "))]
pub struct UnknownKind(String);

impl FromStr for Kind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Kind, UnknownKind> {
        let mut kinds = Kind::ALL.into_iter();
        kinds
            .find(|kind| kind.as_str() == name)
            .ok_or_else(|| UnknownKind(short(name).to_owned()))
    }
}

/// Years, both ends included; an open end is as far as one can see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Years {
    /// The first year.
    pub from: Option<i16>,
    /// The last year.
    pub to: Option<i16>,
}

impl Years {
    /// Without ends.
    pub const ALWAYS: Years = Years {
        from: None,
        to: None,
    };

    /// Whether they have the year.
    #[must_use]
    pub fn contain(self, year: i16) -> bool {
        self.from.is_none_or(|from| from <= year) && self.to.is_none_or(|to| year <= to)
    }

    /// How many years `year` is outside of them; 0 inside.
    #[must_use]
    pub fn distance(self, year: i16) -> u16 {
        let before = self
            .from
            .map_or(0, |from| i32::from(from) - i32::from(year));
        let after = self.to.map_or(0, |to| i32::from(year) - i32::from(to));
        u16::try_from(before.max(after).max(0)).unwrap_or(u16::MAX)
    }
}

/// Not years.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no range of years; write 1998..2015, 1998.. or ..2015")]
pub struct NoYears(String);

impl FromStr for Years {
    type Err = NoYears;

    fn from_str(text: &str) -> Result<Years, NoYears> {
        let wrong = || NoYears(short(text).to_owned());
        let (from, to) = text.split_once("..").ok_or_else(wrong)?;
        let year = |year: &str| match year {
            "" => Ok(None),
            year => year.parse().map(Some).map_err(|_| wrong()),
        };
        let years = Years {
            from: year(from)?,
            to: year(to)?,
        };
        match years {
            Years {
                from: Some(from),
                to: Some(to),
            } if from > to => Err(wrong()),
            years => Ok(years),
        }
    }
}

impl fmt::Display for Years {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let year = |year: Option<i16>| year.map_or_else(String::new, |year| year.to_string());
        write!(f, "{}..{}", year(self.from), year(self.to))
    }
}

/// A name of an entry, and when it held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alias {
    /// The name as written.
    pub name: String,
    /// When it was in use.
    pub years: Years,
}

/// An office a person held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Office {
    /// As a text would name it, in lower case: `président du Kazakhstan`.
    pub title: String,
    /// When.
    pub years: Years,
}

/// A place on Earth, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Coordinates {
    /// North of the equator.
    pub latitude: f32,
    /// East of Greenwich.
    pub longitude: f32,
}

impl Coordinates {
    /// The distance to another place, by the haversine formula on a sphere.
    #[must_use]
    pub fn kilometres(self, other: Coordinates) -> f32 {
        const DIAMETER: f32 = 12_742.0;
        let (a, b) = (self.latitude.to_radians(), other.latitude.to_radians());
        let east = (other.longitude - self.longitude).to_radians();
        let sine = |angle: f32| (angle / 2.0).sin().powi(2);
        let h = sine(b - a) + a.cos() * b.cos() * sine(east);
        DIAMETER * h.min(1.0).sqrt().asin()
    }
}

/// An entity with all that is known of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The identifier, with its authority: `iso3166-1:KZ`, `nommer:osce`.
    pub id: String,
    /// What it is.
    pub kind: Kind,
    /// Its canonical name.
    pub name: String,
    /// Its other names.
    pub aliases: Vec<Alias>,
    /// ISO 3166-1 alpha-2 code of the country it belongs to.
    pub country: Option<[u8; 2]>,
    /// How likely a name means this entry, 0 to 100.
    pub prominence: u8,
    /// When it exists, or is active.
    pub years: Years,
    /// The offices of a person.
    pub offices: Vec<Office>,
    /// Where it lies.
    pub coordinates: Option<Coordinates>,
    /// Where its id was opened.
    pub source: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_read_back_and_know_their_numbers() {
        for (number, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!((kind as usize, kind.as_str().parse()), (number, Ok(kind)));
        }
        assert!(
            "planet"
                .parse::<Kind>()
                .unwrap_err()
                .to_string()
                .contains("celestial")
        );
    }

    #[test]
    fn distances_are_those_of_the_map() {
        let place = |latitude, longitude| Coordinates {
            latitude,
            longitude,
        };
        let paris = place(48.8566, 2.3522);
        assert!((paris.kilometres(place(45.764, 4.8357)) - 392.0).abs() < 2.0);
        assert!((paris.kilometres(place(-21.115, 55.536)) - 9_400.0).abs() < 100.0);
        assert_eq!(paris.kilometres(paris), 0.0);
    }

    #[test]
    fn years_read_back_and_have_ends() {
        for text in ["1998..2015", "1998..", "..2015", "..", "-50..14"] {
            assert_eq!(text.parse::<Years>().unwrap().to_string(), text);
        }
        for text in ["", "1998", "2015..1998", "x..", "1998...2015"] {
            assert!(text.parse::<Years>().is_err(), "{text}");
        }
        let years: Years = "1998..2015".parse().unwrap();
        assert!(years.contain(1998) && years.contain(2015) && !years.contain(2016));
        assert_eq!(
            (
                years.distance(1990),
                years.distance(2000),
                years.distance(2020)
            ),
            (8, 0, 5)
        );
        assert_eq!(Years::ALWAYS.distance(i16::MIN), 0);
    }
}
