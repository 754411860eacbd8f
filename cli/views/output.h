#pragma once
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// Output formats. Wide: a table that includes the columns marked wide. Name: one name per line, for scripts
/// and xargs.
enum class Format { Table, Wide, Json, Yaml, Name };

/// A column of a table. Its path is a member of each row ("name") or a nested member ("properties/rack").
struct Column {
    std::string title;
    std::string path;
    bool wide = false; ///< only with -o wide
};

/// The values of -o, --columns, --sort and --no-header (Shell::view).
struct View {
    View() = default;
    View(Format given) : format(given) {} // NOLINT(google-explicit-constructor): a format alone is a view
    bool table() const { return format == Format::Table || format == Format::Wide; }
    Format format = Format::Table;
    std::vector<std::string> columns{}; ///< titles or paths; empty: the command's default columns
    std::string sort{}; ///< title or path; prefix "-": descending; "": in the order of the rows
    bool header = true;
};

/// Prints rows of objects as they arrive. The first rows determine the widths of a table; longer values widen
/// it later. JSON and YAML are complete after finish(). With View::sort, nothing is printed before finish().
/// @throws Error InvalidInput for a column that no row has
class ListPrinter {
public:
    ListPrinter(std::ostream& out, const std::vector<Column>& columns, View view);
    void add(const nlohmann::json& rows);
    void finish();

private:
    void print(const nlohmann::json& rows);
    void printTable(const nlohmann::json& rows);
    void printLine(const std::vector<std::string>& cells);
    void requireKnown(const nlohmann::json& rows) const;
    std::ostream& out_;
    View view_;
    std::vector<Column> columns_;
    std::vector<std::size_t> widths_;
    nlohmann::json held_ = nlohmann::json::array();
    bool begun_ = false;
};

/// The columns to print. --columns selects titles of @p own or paths. Otherwise -o wide selects all of @p
/// own, and other formats those not marked wide.
std::vector<Column> columnsOf(const std::vector<Column>& own, const View& view);
/// The value at "name" or "properties/rack"; null when it is missing.
const nlohmann::json& valueAt(const nlohmann::json& object, const std::string& path);
/// Sort order: numbers by value, texts in natural order ("n2" before "n10"), null last.
bool comesBefore(const nlohmann::json& a, const nlohmann::json& b);

/// Renders rows as a table, as names, or as JSON or YAML. The name of a row is the value of its first column,
/// else its uuid.
std::string renderList(const nlohmann::json& rows, const std::vector<Column>& columns, const View& view);
/// Renders one object as "key  value" lines with nested values as compact JSON, or as JSON, YAML or its name.
/// --columns selects members.
std::string renderObject(const nlohmann::json& object, const View& view);
std::string toYaml(const nlohmann::json& value);
/// Formats a value for people: null is "-", texts have no quotes.
std::string plainText(const nlohmann::json& value);
/// The width of @p text in characters, not bytes.
std::size_t textWidth(const std::string& text);
std::string paddedTo(const std::string& text, std::size_t width);
/// The first @p width characters of @p text. Never splits a UTF-8 sequence.
std::string cutTo(const std::string& text, std::size_t width);
/// 1536 MiB as "1.5 GiB".
std::string humanBytes(double bytes);
/// 75 s as "1:15", 3700 s as "1:01:40".
std::string humanDuration(std::int64_t seconds);

} // namespace bm::cli
