//! Filters as text, in the words of SQL. `sqlparser` reads it; this module says what of SQL a filter can be:
//! [`QueryComponent::parse`] has the list.

mod dialect;
mod names;
mod operand;
mod read;
mod write;

use sqlparser::ast::Expr;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Token, TokenWithSpan, Tokenizer};

use crate::query::QueryComponent;
use crate::{Error, ErrorKind, Result};

use dialect::FilterDialect;
use read::Reader;

impl QueryComponent {
    /// Reads a filter from text in the words of SQL.
    ///
    /// | Text | Filter |
    /// |---|---|
    /// | `age >= 18`, `18 <= age`, `<>` or `!=` | a comparison of a field |
    /// | `address.city = 'Oslo'`, `"order" = 1` | a field of a nested message; a name in quotes |
    /// | `AND`, `OR`, `NOT`, `( )`, `TRUE`, `FALSE` | logic |
    /// | `active` | `active = TRUE` |
    /// | `IS NULL`, `IS NOT NULL`, `BETWEEN 1 AND 5`, `IN (1, 2)` | as in SQL |
    /// | `name LIKE 'P%'`, `LIKE '50!%' ESCAPE '!'`, `starts_with(name, 'P')` | patterns; beginnings of texts and bytes |
    /// | `any(tags) = 'x'`, `'x' = ANY(tags)` | a value of the repeated field compares so |
    /// | `any(lines, article = 7 AND count > 1)` | of a message in the repeated field this is true |
    /// | `matches(address, city = 'Oslo' OR zip = '0')` | of the message in the field this is true |
    /// | `is_empty(tags)`, `is_not_empty(tags)` | whether a repeated field has values |
    /// | `record_type() = 'User'`, `record_version() > X'…'` | of the record |
    /// | `add(price, tax) < 100` | the column of a function that indexes know |
    /// | nothing but spaces | all records, as `TRUE` |
    /// | `?`, `?2`, `:name`, `city = ANY(:cities)` | parameters; the last one is a list |
    /// | `1`, `1.5`, `1e9`, `'it''s'`, `TRUE`, `NULL`, `X'00FF'` | values |
    /// | `uuid('…')`, `float(1.5)`, `double('NaN')`, `versionstamp(X'…')` | other values |
    ///
    /// An enum's value is its name in quotes, or its number. Words of SQL and names of functions may be in any letter case;
    /// names of fields are as in the schema.
    ///
    /// ```
    /// use record_store::query::{QueryComponent, field, param};
    /// let filter = QueryComponent::parse("age BETWEEN 18 AND 30 AND NOT any(tags) = 'gone' AND city = :city")?;
    /// let same = field("age").between(18, 30) & !field("tags").one_of_them().eq("gone") & field("city").eq(param("city"));
    /// assert_eq!(filter, same);
    /// assert_eq!(QueryComponent::parse(&filter.to_string())?, filter);
    ///
    /// let error = QueryComponent::parse("age >= 18 AND name ILIKE 'p%'").unwrap_err();
    /// assert_eq!((error.fact("line"), error.fact("column")), (Some("1"), Some("15")));
    /// # Ok::<(), record_store::Error>(())
    /// ```
    ///
    /// A field without presence (of proto3, not `optional`) that holds its default counts as absent, as in Java: `age >= 0` does
    /// not find an age of 0, and `age IS NULL` does.
    ///
    /// **Errors**: [`ErrorKind::InvalidQuery`] with the line and the column of what is not understood.
    ///
    /// **Limits**: a megabyte of text, 4,000 operators and words of SQL, 50 parentheses within each other.
    pub fn parse(text: &str) -> Result<Self> {
        if text.len() > BYTES_MAX {
            return Err(Error::new(ErrorKind::InvalidQuery, "the text of the query is too long")
                .with("bytes", text.len())
                .with("limit", BYTES_MAX));
        }
        let mut tokens = Tokenizer::new(&FilterDialect, text)
            .tokenize_with_location()
            .map_err(|error| {
                at(error.location, "the text of the query is not understood").with("reason", error.message)
            })?;
        check_length(&tokens)?;
        if tokens.iter().all(|token| matches!(token.token, Token::Whitespace(_))) {
            return Ok(QueryComponent::And(Vec::new()));
        }
        unreserve_any(&mut tokens);
        let placeholders = positional(&tokens);
        Reader::new(placeholders).component(&expression(tokens)?)
    }
}

impl std::str::FromStr for QueryComponent {
    type Err = Error;

    /// As [`QueryComponent::parse`].
    fn from_str(text: &str) -> Result<Self> {
        QueryComponent::parse(text)
    }
}

fn expression(tokens: Vec<TokenWithSpan>) -> Result<Expr> {
    let end = tokens.last().map_or(Location::new(1, 1), |token| token.span.end);
    if let Some(statement) = tokens.iter().find(|token| !matches!(token.token, Token::Whitespace(_)))
        && matches!(&statement.token, Token::Word(word) if word.keyword == Keyword::SELECT)
    {
        return Err(at(
            statement.span.start,
            "the text of a query is a condition and no statement: give what would stand behind WHERE",
        )
        .with("found", &statement.token));
    }
    if let Some(parameter) = behind_in(&tokens) {
        return Err(at(
            parameter.span.start,
            "a list that a parameter stands for is written field = ANY(?), and IN takes its values one by one: IN (?, ?)",
        )
        .with("found", &parameter.token));
    }
    let mut parser = Parser::new(&FilterDialect)
        .with_recursion_limit(DEPTH_MAX)
        .with_tokens_with_locations(tokens);
    let expression = parser.parse_expr().map_err(|error| not_understood(error, end))?;
    let rest = parser.peek_token();
    match rest.token {
        Token::EOF => Ok(expression),
        token => {
            let message = match &token {
                Token::Word(word) if word.keyword == Keyword::ORDER => ORDER_IS_BESIDE,
                Token::Word(word) if matches!(word.keyword, Keyword::LIMIT | Keyword::OFFSET | Keyword::FETCH) => {
                    LIMIT_IS_BESIDE
                }
                _ => "the text of the query goes on behind its end: join conditions with AND or OR",
            };
            Err(at(rest.span.start, message).with("found", token))
        }
    }
}

/// The parameter right behind an `IN`, where a list in parentheses must stand.
fn behind_in(tokens: &[TokenWithSpan]) -> Option<&TokenWithSpan> {
    let words = || {
        tokens
            .iter()
            .filter(|token| !matches!(token.token, Token::Whitespace(_)))
    };
    let is_in = |token: &TokenWithSpan| matches!(&token.token, Token::Word(word) if word.keyword == Keyword::IN);
    let mut behind = words().zip(words().skip(1)).filter(|(word, _)| is_in(word));
    let parameter = behind.find(|(_, next)| matches!(next.token, Token::Placeholder(_) | Token::Colon));
    parameter.map(|(_, next)| next)
}

const ORDER_IS_BESIDE: &str = "the text of a query has no order: give it beside the text, to the query's order_by";

const LIMIT_IS_BESIDE: &str = "the text of a query has no limit: give it beside the text, to the query's limit or skip";

/// Chains of operators become trees as deep as they are long.
fn check_length(tokens: &[TokenWithSpan]) -> Result<()> {
    let chaining = tokens.iter().filter(|token| match &token.token {
        Token::Word(word) => word.keyword != Keyword::NoKeyword,
        Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::HexStringLiteral(_)
        | Token::Placeholder(_)
        | Token::Comma
        | Token::Whitespace(_) => false,
        _ => true,
    });
    match chaining.clone().nth(OPERATORS_MAX) {
        None => Ok(()),
        Some(token) => Err(at(
            token.span.start,
            "the text of the query has too many operators: use lists (IN), parameters or the builder",
        )
        .with("limit", OPERATORS_MAX)),
    }
}

/// SQL knows `ANY (…)` behind a comparison only; elsewhere it is our function.
fn unreserve_any(tokens: &mut [TokenWithSpan]) {
    let mut behind_comparison = false;
    for token in tokens {
        match &mut token.token {
            Token::Whitespace(_) => continue,
            Token::Word(word) if word.keyword == Keyword::ANY && !behind_comparison => {
                word.keyword = Keyword::NoKeyword
            }
            _ => {}
        }
        behind_comparison = matches!(
            token.token,
            Token::Eq | Token::Neq | Token::Lt | Token::LtEq | Token::Gt | Token::GtEq
        );
    }
}

/// Where the parameters without a name or a number stand, in order.
fn positional(tokens: &[TokenWithSpan]) -> Vec<Location> {
    let unnumbered = tokens
        .iter()
        .filter(|token| matches!(&token.token, Token::Placeholder(text) if text == "?"));
    unnumbered.map(|token| token.span.start).collect()
}

/// The parser's error, with its place apart from its text.
fn not_understood(error: ParserError, end: Location) -> Error {
    let text = match error {
        ParserError::RecursionLimitExceeded => {
            return Error::new(ErrorKind::InvalidQuery, "the text of the query is nested too deeply")
                .with("limit", DEPTH_MAX);
        }
        ParserError::ParserError(text) | ParserError::TokenizerError(text) => text,
    };
    let (reason, place) = match text.rsplit_once(" at Line: ") {
        Some((reason, place)) => (reason, place.split_once(", Column: ")),
        None => (text.as_str(), None),
    };
    let place = place.and_then(|(line, column)| Some(Location::new(line.parse().ok()?, column.parse().ok()?)));
    at(place.unwrap_or(end), "the text of the query is not understood").with("reason", reason)
}

/// An error about the text at this place.
fn at(location: Location, message: &'static str) -> Error {
    Error::new(ErrorKind::InvalidQuery, message)
        .with("line", location.line)
        .with("column", location.column)
}

const BYTES_MAX: usize = 1_000_000;
const OPERATORS_MAX: usize = 4_000;
const DEPTH_MAX: usize = 50;

#[cfg(test)]
mod tests;
