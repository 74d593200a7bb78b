//! Recorded programs: their files, and which of them say something about the key-value API.

use std::fmt;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;

use super::call;
use crate::step::Failure;

/// A recorded program.
pub(crate) struct Program {
    /// Its name, unique in its file.
    pub(crate) name: String,
    /// The API version that it was recorded with.
    pub(crate) api: i32,
    /// What it does, one after another.
    pub(crate) steps: Vec<Step>,
}

/// One call and what came of it.
pub(crate) struct Step {
    /// The name of the operation and its arguments.
    pub(crate) op: Vec<Value>,
    /// The result.
    pub(crate) expected: Observed,
}

/// What a client sees of a call: its result, or the code of its error.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Observed {
    /// The result.
    Ok(Value),
    /// The code.
    Err(i32),
}

/// How the replay of a program ended.
pub(crate) enum Outcome {
    /// Everything was as recorded.
    Passed,
    /// The first step that was not.
    Failed(Difference),
    /// It uses what the key-value API does not have.
    NotApplicable(String),
}

/// A step that came out otherwise than recorded.
pub(crate) struct Difference {
    /// The number of the step, from 0.
    pub(crate) step: usize,
    /// The call.
    pub(crate) op: String,
    /// What was recorded.
    pub(crate) expected: Observed,
    /// What came instead.
    pub(crate) got: Observed,
}

/// The API version whose behaviour the project has.
pub(crate) const API_VERSION: i32 = 730;

/// Reads a file of programs, one a line.
pub(crate) fn load(file: &Path) -> Result<Vec<Program>, Failure> {
    let failure = |error: &dyn fmt::Display| format!("{}: {error}", file.display());
    let lines = BufReader::new(GzDecoder::new(File::open(file).map_err(|error| failure(&error))?)).lines();
    lines
        .map(|line| {
            let line = line.map_err(|error| failure(&error))?;
            let value: Value = serde_json::from_str(&line).map_err(|error| failure(&error))?;
            Program::from_json(&value).ok_or_else(|| failure(&"a line is not a recorded program"))
        })
        .collect()
}

impl Program {
    fn from_json(value: &Value) -> Option<Self> {
        let steps = value.get("steps")?.as_array()?;
        Some(Program {
            name: value.get("name")?.as_str()?.to_owned(),
            api: value.get("api").map_or(Some(API_VERSION), call::number)?,
            steps: steps.iter().map(Step::from_json).collect::<Option<_>>()?,
        })
    }

    /// Why the program says nothing about the key-value API, if so.
    pub(crate) fn not_applicable(&self) -> Option<String> {
        self.steps.iter().find_map(|step| call::not_applicable(&step.op))
    }
}

impl Step {
    fn from_json(value: &Value) -> Option<Self> {
        let expected = match value.get("err") {
            Some(code) => Observed::Err(i32::try_from(code.as_i64()?).ok()?),
            None => Observed::Ok(value.get("ok")?.clone()),
        };
        Some(Step {
            op: value.get("op")?.as_array()?.clone(),
            expected,
        })
    }
}

impl fmt::Display for Observed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Observed::Ok(value) => write!(f, "{value}"),
            Observed::Err(code) => write!(f, "error {code}"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference {
            step,
            op,
            expected,
            got,
        } = self;
        write!(f, "step {step}: {op}\n    expected {expected}\n    got      {got}")
    }
}
