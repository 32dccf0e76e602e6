//! The words and signs that a filter is made of.

use super::{Literal, Mistake};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Open,
    Close,
    Comma,
    /// A field, an operator or a function: letters, digits, `_`, `.` and `/`.
    Word(String),
    Literal(Literal),
}

/// A token and the character that it begins at, counted from 1.
pub(super) type Placed = (usize, Token);

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Mistake> {
    let chars: Vec<char> = text.chars().collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        let begin = at;
        let token = match c {
            c if c.is_whitespace() => {
                at += 1;
                continue;
            }
            '(' => single(&mut at, Token::Open),
            ')' => single(&mut at, Token::Close),
            ',' => single(&mut at, Token::Comma),
            '\'' => quoted(&chars, &mut at)?,
            '-' | '0'..='9' => number(&chars, &mut at)?,
            c if c.is_ascii_alphabetic() || c == '_' => word(&chars, &mut at),
            c => return Err(Mistake { at: begin + 1, what: format!("unexpected `{c}`") }),
        };
        tokens.push((begin + 1, token));
    }
    Ok(tokens)
}

fn single(at: &mut usize, token: Token) -> Token {
    *at += 1;
    token
}

/// The characters from `at` on that are `inside`.
fn run(chars: &[char], at: &mut usize, inside: impl Fn(char) -> bool) -> String {
    let text: String = chars[*at..].iter().copied().take_while(|c| inside(*c)).collect();
    *at += text.chars().count();
    text
}

fn word(chars: &[char], at: &mut usize) -> Token {
    let word = run(chars, at, |c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '/'));
    match word.as_str() {
        "true" => Token::Literal(Literal::Bool(true)),
        "false" => Token::Literal(Literal::Bool(false)),
        "null" => Token::Literal(Literal::Null),
        _ => Token::Word(word),
    }
}

fn number(chars: &[char], at: &mut usize) -> Result<Token, Mistake> {
    let begin = *at;
    let text = run(chars, at, |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.'));
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(Token::Literal(Literal::Number(number))),
        _ => Err(Mistake { at: begin + 1, what: format!("`{text}` is not a number") }),
    }
}

/// A text in single quotes; a quote inside it stands twice.
fn quoted(chars: &[char], at: &mut usize) -> Result<Token, Mistake> {
    let begin = *at;
    let mut text = String::new();
    *at += 1;
    while let Some(&c) = chars.get(*at) {
        *at += 1;
        if c != '\'' {
            text.push(c);
        } else if chars.get(*at) == Some(&'\'') {
            text.push('\'');
            *at += 1;
        } else {
            return Ok(Token::Literal(Literal::Text(text)));
        }
    }
    Err(Mistake { at: begin + 1, what: "a text without its closing quote".to_owned() })
}
