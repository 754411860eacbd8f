#pragma once
#include "common/model/error.h"
#include "db/engine/table.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::db {

/// One page of a list of resources.
struct ResourcePage {
    std::string where{};                   ///< "node_uuid = $1", or empty
    std::vector<Value> parameters{};       ///< for where
    std::string sortColumn = "created_at"; ///< a column of the table, never a client's text
    bool descending = false;
    std::size_t limit = 1000;
    std::string marker{};  ///< uuid of the last row of the previous page; "": the first page
    std::string project{}; ///< only rows that the project owns, or of nodes that it owns or leases; "": all
};

/// The condition for the records of nodes that a project owns or leases.
inline constexpr std::string_view kOfProjectsNodes =
    "node_uuid in (select uuid from nodes where owner = {0} or lessee = {0})";

/// Common queries for Ironic's resources: tables with the columns uuid, created_at and updated_at. Stateless.
template <class T> class ResourceRepository {
public:
    /// @p table must outlive it. @p one is the resource's name in errors: "chassis". @p ofProject is the
    ///   condition for a project's rows, with {} for the project; by default a project has no rows.
    ResourceRepository(const Table<T>& table, std::string one, std::string_view ofProject = "false")
        : table_(table), one_(std::move(one)), ofProject_(ofProject)
    {}

    std::optional<T> find(Transaction& tx, const std::string& uuid) const { return table_.byKey(tx, uuid); }
    std::optional<T> findBy(Transaction& tx, std::string_view column, const std::string& value) const
    {
        return table_.first(tx, fmt::format("where {} = $1", column), {value});
    }
    /// @throws Error NotFound: unknown marker
    std::vector<T> list(Transaction& tx, const ResourcePage& page) const
    {
        std::vector<Value> parameters = page.parameters;
        std::string where = page.where;
        if (!page.project.empty()) {
            parameters.emplace_back(page.project);
            where +=
                fmt::format("{}({})", where.empty() ? "" : " and ",
                            fmt::format(fmt::runtime(ofProject_), fmt::format("${}", parameters.size())));
        }
        if (!page.marker.empty()) {
            std::vector<Value> wanted{page.marker};
            std::string visible;
            if (!page.project.empty()) { // the order of another project's row tells its values
                wanted.emplace_back(page.project);
                visible = fmt::format(" and ({})", fmt::format(fmt::runtime(ofProject_), "$2"));
            }
            const std::vector<Row> rows = tx.query(
                fmt::format("select {} from {} where uuid = $1{}", page.sortColumn, table_.name(), visible),
                wanted);
            if (rows.empty())
                throw model::Error(model::ErrorCode::NotFound,
                                   "The marker " + page.marker + " could not be found.",
                                   "repeat the list without a marker");
            parameters.push_back(rows.front()[0]);
            parameters.emplace_back(page.marker);
            where += fmt::format("{}({}, uuid) {} (${}, ${})", where.empty() ? "" : " and ", page.sortColumn,
                                 page.descending ? "<" : ">", parameters.size() - 1, parameters.size());
        }
        parameters.push_back(store(page.limit));
        const char* const direction = page.descending ? " desc" : "";
        return table_.find(tx,
                           fmt::format("{}{} order by {}{}, uuid{} limit ${}", where.empty() ? "" : "where ",
                                       where, page.sortColumn, direction, direction, parameters.size()),
                           parameters);
    }
    void insert(Transaction& tx, const T& item) const { table_.insert(tx, item); }
    void update(Transaction& tx, const T& item) const
    {
        if (table_.update(tx, item) == 0)
            throw model::Error(model::ErrorCode::NotFound, one_ + " " + item.id.uuid + " no longer exists");
    }
    void remove(Transaction& tx, const std::string& uuid) const { table_.remove(tx, uuid); }

private:
    const Table<T>& table_;
    std::string one_;
    std::string_view ofProject_;
};

} // namespace bm::db
