#pragma once
#include <iosfwd>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace bm::cli {

/// Wide: a table with the columns marked wide, too. Name: one name a line, for scripts and xargs.
enum class Format { Table, Wide, Json, Yaml, Name };

/// Where a column's value comes from: a member of each row ("name"), or a path ("properties/rack").
struct Column {
    std::string title;
    std::string path;
    bool wide = false; ///< only with -o wide
};

/// What -o, --columns, --sort and --no-header ask for (Shell::view).
struct View {
    View() = default;
    View(Format given) : format(given) {} // NOLINT(google-explicit-constructor): a format alone is a view
    bool table() const { return format == Format::Table || format == Format::Wide; }
    Format format = Format::Table;
    std::vector<std::string> columns{}; ///< titles or paths; empty: the command's own
    std::string sort{};                 ///< title or path, "-" before it: descending; "": as they come
    bool header = true;
};

/// Prints rows of objects as they come: a table's widths are those of the first rows added and grow where a
/// later value is longer; JSON and YAML are one whole list after finish(). With View::sort all is held back
/// until finish().
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

/// The columns that @p view wants of @p own: those asked for (by title or path, anything else is a path), all
/// with -o wide, else those not marked wide.
std::vector<Column> columnsOf(const std::vector<Column>& own, const View& view);
/// The value at "name" or "properties/rack"; null where there is none.
const nlohmann::json& valueAt(const nlohmann::json& object, const std::string& path);
/// Whether @p a comes before @p b: numbers by value, texts with their digits by value ("n2" before "n10"),
/// null last.
bool comesBefore(const nlohmann::json& a, const nlohmann::json& b);

/// Rows of objects as a table (columns as wide as needed), names alone, or whole as JSON or YAML. A row's
/// name is what its first column shows, else its uuid.
std::string renderList(const nlohmann::json& rows, const std::vector<Column>& columns, const View& view);
/// One object: "key  value" lines, nested values as compact JSON; or JSON, YAML or its name. --columns picks
/// members.
std::string renderObject(const nlohmann::json& object, const View& view);
std::string toYaml(const nlohmann::json& value);
/// A value as people read it: null is "-", texts without quotes.
std::string plainText(const nlohmann::json& value);
/// Characters, not bytes.
std::size_t textWidth(const std::string& text);
std::string paddedTo(const std::string& text, std::size_t width);
/// 1536 MiB as "1.5 GiB".
std::string humanBytes(double bytes);
/// 75 s as "1:15", 3700 s as "1:01:40".
std::string humanDuration(std::int64_t seconds);

} // namespace bm::cli
