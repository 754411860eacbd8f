#include "cli/views/output.h"
#include "common/model/error.h"
#include "common/text/lower_case.h"
#include "common/text/printable.h"
#include "common/text/text.h"

#include <algorithm>
#include <cctype>
#include <ostream>
#include <set>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

Column columnFor(const std::vector<Column>& own, const std::string& asked)
{
    const auto found = std::find_if(own.begin(), own.end(), [&](const Column& column) {
        return model::lowerCase(column.title) == model::lowerCase(asked) || column.path == asked;
    });
    if (found != own.end())
        return *found;
    std::string title = asked.substr(asked.rfind('/') + 1);
    std::transform(title.begin(), title.end(), title.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return {title, asked};
}

/// "-state" sorts by state, descending.
Column sortColumn(const std::vector<Column>& own, const std::string& sort)
{
    return columnFor(own, sort.starts_with('-') ? sort.substr(1) : sort);
}

json onlyColumns(const json& rows, const std::vector<Column>& columns)
{
    json all = json::array();
    for (const json& row : rows) {
        json& some = all.emplace_back(json::object());
        for (const Column& column : columns)
            some[column.path] = valueAt(row, column.path);
    }
    return all;
}

std::string rowName(const json& row, const std::vector<Column>& columns)
{
    if (!columns.empty())
        if (const json& first = valueAt(row, columns.front().path); !first.is_null() && first != "")
            return plainText(first);
    for (const char* member : {"name", "uuid", "id"})
        if (const json& value = valueAt(row, member); !value.is_null() && value != "")
            return plainText(value);
    return "-";
}

} // namespace

bool comesBefore(const json& a, const json& b)
{
    if (a.is_null() || b.is_null())
        return !a.is_null() && b.is_null();
    if (a.is_number() && b.is_number())
        return a.get<double>() < b.get<double>();
    return text::naturalLess(plainText(a), plainText(b));
}

std::vector<Column> columnsOf(const std::vector<Column>& own, const View& view)
{
    std::vector<Column> wanted;
    if (!view.columns.empty())
        for (const std::string& asked : view.columns)
            wanted.push_back(columnFor(own, asked));
    else
        for (const Column& column : own)
            if (!column.wide || view.format == Format::Wide)
                wanted.push_back(column);
    return wanted;
}

ListPrinter::ListPrinter(std::ostream& out, const std::vector<Column>& columns, View view)
    : out_(out), view_(std::move(view)), columns_(columnsOf(columns, view_))
{
    if (!view_.sort.empty())
        view_.sort = (view_.sort.starts_with('-') ? "-" : "") + sortColumn(columns, view_.sort).path;
}

void ListPrinter::add(const json& rows)
{
    requireKnown(rows);
    if (view_.sort.empty())
        print(rows);
    else
        held_.insert(held_.end(), rows.begin(), rows.end());
}

void ListPrinter::finish()
{
    if (!view_.sort.empty()) {
        const bool descending = view_.sort.front() == '-';
        const std::string path = view_.sort.substr(descending ? 1 : 0);
        std::stable_sort(held_.begin(), held_.end(), [&](const json& a, const json& b) {
            const json& left = valueAt(a, path);
            const json& right = valueAt(b, path);
            if (left.is_null() || right.is_null())
                return comesBefore(left, right); // null sorts last in either direction
            return descending ? comesBefore(right, left) : comesBefore(left, right);
        });
        print(held_);
    }
    if (view_.format == Format::Json)
        out_ << (begun_ ? "\n]\n" : "[]\n");
    else if (view_.format == Format::Yaml && !begun_)
        out_ << "[]\n";
    else if (view_.table() && !begun_)
        printTable(json::array());
}

/// Refuses a member that no row has, because it is a typing error. Members with free keys (properties) may
/// lack the path.
void ListPrinter::requireKnown(const json& rows) const
{
    if (rows.empty() || (view_.columns.empty() && view_.sort.empty()))
        return;
    std::set<std::string> known;
    for (const json& row : rows)
        for (const auto& [key, value] : row.items())
            known.insert(key);
    const auto require = [&](const std::string& path) {
        if (known.count(path.substr(0, path.find('/'))) > 0)
            return;
        std::string all;
        for (const std::string& key : known)
            all += (all.empty() ? "" : ", ") + key;
        throw Error(ErrorCode::InvalidInput, "there is no column \"" + path + "\"", "known columns: " + all);
    };
    if (!view_.columns.empty())
        for (const Column& column : columns_)
            require(column.path);
    if (!view_.sort.empty())
        require(view_.sort.substr(view_.sort.front() == '-' ? 1 : 0));
}

void ListPrinter::print(const json& rows)
{
    if (view_.table()) {
        printTable(rows);
        return;
    }
    if (rows.empty())
        return;
    if (view_.format == Format::Name) {
        for (const json& row : rows)
            out_ << rowName(row, columns_) << "\n";
    } else {
        const json some = view_.columns.empty() ? json() : onlyColumns(rows, columns_);
        const json& shown = view_.columns.empty() ? rows : some;
        if (view_.format == Format::Yaml) {
            out_ << toYaml(shown);
        } else { // "[\n  {...},\n  {...}\n]": strip the brackets, which enclose the whole list
            const std::string text = shown.dump(2);
            out_ << (begun_ ? ",\n" : "[\n") << std::string_view(text).substr(2, text.size() - 4);
        }
    }
    begun_ = true;
    out_.flush();
}

void ListPrinter::printTable(const json& rows)
{
    std::vector<std::vector<std::string>> lines;
    if (!begun_ && view_.header) {
        std::vector<std::string>& titles = lines.emplace_back();
        for (const Column& column : columns_)
            titles.push_back(column.title);
    }
    widths_.resize(columns_.size());
    for (const json& row : rows) {
        std::vector<std::string>& line = lines.emplace_back();
        for (const Column& column : columns_)
            line.push_back(text::printable(plainText(valueAt(row, column.path))));
    }
    for (const std::vector<std::string>& line : lines)
        for (std::size_t i = 0; i < line.size(); ++i)
            widths_[i] = std::max(widths_[i], textWidth(line[i]));
    for (const std::vector<std::string>& line : lines)
        printLine(line);
    begun_ = true;
    out_.flush();
}

void ListPrinter::printLine(const std::vector<std::string>& cells)
{
    std::string text;
    for (std::size_t i = 0; i < cells.size(); ++i)
        text += i + 1 == cells.size() ? cells[i] : paddedTo(cells[i], widths_[i] + 2);
    out_ << text.substr(0, text.find_last_not_of(' ') + 1) << "\n";
}

} // namespace bm::cli
