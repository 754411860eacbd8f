#include "db/engine/dialect.h"

namespace bm::db {
namespace {

void replaceAll(std::string& text, std::string_view what, std::string_view with)
{
    for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
        text.replace(at, what.size(), with);
}

/// The parts A and B of "{refuse A on B}".
struct Directive {
    std::string first, second;
};

/// Empty when @p text is not "{@p verb FIRST @p between SECOND}".
Directive directiveIn(std::string_view text, std::string_view verb, std::string_view between)
{
    if (!text.starts_with(verb) || !text.ends_with('}'))
        return {};
    text = text.substr(verb.size(), text.size() - verb.size() - 1);
    const std::size_t at = text.find(between);
    return {std::string(text.substr(0, at)), std::string(text.substr(at + between.size()))};
}

} // namespace

std::string inDialect(const Dialect& dialect, std::string_view statement)
{
    std::string text(statement);
    if (const Directive refuse = directiveIn(statement, "{refuse ", " on "); !refuse.first.empty()) {
        text = dialect.refuse;
        replaceAll(text, "{verb}", refuse.first);
        replaceAll(text, "{table}", refuse.second);
    } else if (const Directive permit = directiveIn(statement, "{permit ", " on "); !permit.first.empty()) {
        text = dialect.permit;
        replaceAll(text, "{verb}", permit.first);
        replaceAll(text, "{table}", permit.second);
    } else if (const Directive keep = directiveIn(statement, "{keep ", " above "); !keep.first.empty()) {
        text = dialect.keep;
        replaceAll(text, "{table}", keep.first);
        replaceAll(text, "{floor}", keep.second);
    } else if (const Directive sequence = directiveIn(statement, "{sequence ", " of ");
               !sequence.first.empty()) {
        const std::size_t dot = sequence.second.find('.');
        text = dialect.sequence;
        replaceAll(text, "{name}", sequence.first);
        replaceAll(text, "{table}", sequence.second.substr(0, dot));
        replaceAll(text, "{column}", sequence.second.substr(dot + 1));
    }
    replaceAll(text, "{rising_key}", dialect.risingKey);
    replaceAll(text, "{text}", dialect.text);
    return text;
}

} // namespace bm::db
