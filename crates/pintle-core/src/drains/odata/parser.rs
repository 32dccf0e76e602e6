//! From words to conditions.

use super::token::{Placed, Token, tokens};
use super::{Comparison, Condition, Field, Function, Literal, Mistake, Operand};

/// How long a filter may be, in characters.
const LENGTH: usize = 4096;

/// How deep conditions may stand inside each other.
const DEPTH: usize = 50;

pub(super) fn parse(text: &str) -> Result<Condition, Mistake> {
    let length = text.chars().count();
    if length > LENGTH {
        return Err(Mistake { at: LENGTH + 1, what: format!("more than {LENGTH} characters") });
    }
    let mut parser = Parser { tokens: tokens(text)?, next: 0, depth: 0, end: length + 1 };
    let condition = parser.either()?;
    match parser.peek() {
        None => Ok(condition),
        Some(_) => parser.expected("`and`, `or` or the end"),
    }
}

struct Parser {
    tokens: Vec<Placed>,
    next: usize,
    depth: usize,
    /// Where the text ends.
    end: usize,
}

type Parsed<T> = Result<T, Mistake>;

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|(_, token)| token)
    }

    fn at(&self) -> usize {
        self.tokens.get(self.next).map_or(self.end, |(at, _)| *at)
    }

    fn mistake<T>(&self, what: String) -> Parsed<T> {
        Err(Mistake { at: self.at(), what })
    }

    fn expected<T>(&self, what: &str) -> Parsed<T> {
        self.mistake(format!("expected {what}"))
    }

    /// Takes the next token if it is this word.
    fn word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(next)) if next == word);
        self.next += usize::from(found);
        found
    }

    fn sign(&mut self, sign: &Token, name: &str) -> Parsed<()> {
        if self.peek() != Some(sign) {
            return self.expected(name);
        }
        self.next += 1;
        Ok(())
    }

    fn either(&mut self) -> Parsed<Condition> {
        let mut left = self.both()?;
        while self.word("or") {
            left = Condition::Or(Box::new(left), Box::new(self.both()?));
        }
        Ok(left)
    }

    fn both(&mut self) -> Parsed<Condition> {
        let mut left = self.single()?;
        while self.word("and") {
            left = Condition::And(Box::new(left), Box::new(self.single()?));
        }
        Ok(left)
    }

    fn single(&mut self) -> Parsed<Condition> {
        if self.depth == DEPTH {
            return self.mistake(format!("more than {DEPTH} conditions inside each other"));
        }
        self.depth += 1;
        let condition = if self.word("not") {
            Condition::Not(Box::new(self.single()?))
        } else if self.peek() == Some(&Token::Open) {
            self.next += 1;
            let inner = self.either()?;
            self.sign(&Token::Close, "`)`")?;
            inner
        } else {
            self.basic()?
        };
        self.depth -= 1;
        Ok(condition)
    }

    /// A comparison, a membership or a function.
    fn basic(&mut self) -> Parsed<Condition> {
        if let Some(function) = self.function() {
            self.sign(&Token::Open, "`(`")?;
            let whole = self.operand()?;
            self.sign(&Token::Comma, "`,`")?;
            let part = self.operand()?;
            self.sign(&Token::Close, "`)`")?;
            return Ok(Condition::Match(function, whole, part));
        }
        let left = self.operand()?;
        if self.word("in") {
            return Ok(Condition::Among(left, self.list()?));
        }
        let Some(comparison) = self.comparison() else {
            return self.expected("`eq`, `ne`, `gt`, `ge`, `lt`, `le` or `in`");
        };
        Ok(Condition::Compare(left, comparison, self.operand()?))
    }

    fn function(&mut self) -> Option<Function> {
        [
            ("contains", Function::Contains),
            ("startswith", Function::StartsWith),
            ("endswith", Function::EndsWith),
        ]
        .into_iter()
        .find_map(|(name, function)| self.word(name).then_some(function))
    }

    fn comparison(&mut self) -> Option<Comparison> {
        [
            ("eq", Comparison::Equal),
            ("ne", Comparison::NotEqual),
            ("gt", Comparison::Greater),
            ("ge", Comparison::GreaterOrEqual),
            ("lt", Comparison::Less),
            ("le", Comparison::LessOrEqual),
        ]
        .into_iter()
        .find_map(|(name, comparison)| self.word(name).then_some(comparison))
    }

    fn list(&mut self) -> Parsed<Vec<Literal>> {
        self.sign(&Token::Open, "`(`")?;
        let mut list = vec![self.literal()?];
        while self.peek() == Some(&Token::Comma) {
            self.next += 1;
            list.push(self.literal()?);
        }
        self.sign(&Token::Close, "`,` or `)`")?;
        Ok(list)
    }

    fn literal(&mut self) -> Parsed<Literal> {
        let Some(Token::Literal(literal)) = self.peek().cloned() else {
            return self.expected("a text in single quotes, a number, `true`, `false` or `null`");
        };
        self.next += 1;
        Ok(literal)
    }

    fn operand(&mut self) -> Parsed<Operand> {
        let Some(Token::Word(name)) = self.peek() else {
            let what = "a field, a text in single quotes, a number, `true`, `false` or `null`";
            return self.literal().map(Operand::Literal).or_else(|_| self.expected(what));
        };
        let Some(field) = Field::named(name) else {
            return self.mistake(format!("`{name}` is not a field of a log line"));
        };
        self.next += 1;
        Ok(Operand::Field(field))
    }
}
