#pragma once
#include "db/engine/values.h"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::db {

/// One column of T: its name and the conversions from and to the member.
template <class T> struct Column {
    std::string_view name;
    Value (*get)(const T&);
    void (*set)(T&, Value&);
};

template <class Member> struct OwnerOf;
template <class T, class M> struct OwnerOf<M T::*> {
    using type = T;
};

/// Example: column<&model::Port::mac>("address").
template <auto Member> constexpr auto column(std::string_view name)
{
    using T = typename OwnerOf<decltype(Member)>::type;
    return Column<T>{name, [](const T& item) { return store(item.*Member); },
                     [](T& item, Value& value) { load(value, item.*Member); }};
}

/// The basic statements of one table; the first column is the key. Immutable after construction.
template <class T> class Table {
public:
    Table(std::string_view name, std::vector<Column<T>> columns) : name_(name), columns_(std::move(columns))
    {
        std::string names, marks, changes;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            const std::string_view comma = i == 0 ? "" : ", ";
            names += fmt::format("{}{}", comma, columns_[i].name);
            marks += fmt::format("{}${}", comma, i + 1);
            if (i > 0)
                changes += fmt::format("{}{} = ${}", i == 1 ? "" : ", ", columns_[i].name, i + 1);
        }
        select_ = fmt::format("select {} from {} ", names, name);
        insert_ = fmt::format("insert into {} ({}) values ({})", name, names, marks);
        update_ = fmt::format("update {} set {} where {} = $1", name, changes, columns_[0].name);
        upsert_ = fmt::format("{} on conflict ({}) do update set {}", insert_, columns_[0].name, changes);
        remove_ = fmt::format("delete from {} where {} = $1", name, columns_[0].name);
        byKey_ = fmt::format("where {} = $1", columns_[0].name);
    }

    const std::string& name() const { return name_; }
    std::vector<T> find(Transaction& tx, std::string_view tail,
                        const std::vector<Value>& parameters = {}) const
    {
        std::vector<Row> rows = tx.query(select_ + std::string(tail), parameters);
        std::vector<T> items;
        items.reserve(rows.size());
        for (Row& row : rows) {
            T& item = items.emplace_back();
            for (std::size_t i = 0; i < columns_.size(); ++i)
                columns_[i].set(item, row[i]);
        }
        return items;
    }
    std::optional<T> first(Transaction& tx, std::string_view tail, const std::vector<Value>& parameters) const
    {
        std::vector<T> items = find(tx, tail, parameters);
        return items.empty() ? std::nullopt : std::optional<T>(std::move(items.front()));
    }
    std::optional<T> byKey(Transaction& tx, const std::string& key) const { return first(tx, byKey_, {key}); }
    void insert(Transaction& tx, const T& item) const { tx.execute(insert_, values(item)); }
    void upsert(Transaction& tx, const T& item) const { tx.execute(upsert_, values(item)); }
    /// @return rows changed: 0 or 1
    std::int64_t update(Transaction& tx, const T& item) const { return tx.execute(update_, values(item)); }
    /// As update(), but only while "<column> = @p expected" is true.
    std::int64_t updateIf(Transaction& tx, const T& item, std::string_view column, Value expected) const
    {
        std::vector<Value> parameters = values(item);
        parameters.push_back(std::move(expected));
        return tx.execute(fmt::format("{} and {} = ${}", update_, column, parameters.size()), parameters);
    }
    std::int64_t remove(Transaction& tx, const std::string& key) const { return tx.execute(remove_, {key}); }

private:
    std::vector<Value> values(const T& item) const
    {
        std::vector<Value> values;
        values.reserve(columns_.size() + 1);
        for (const Column<T>& column : columns_)
            values.push_back(column.get(item));
        return values;
    }

    std::string name_;
    std::vector<Column<T>> columns_;
    std::string select_, insert_, update_, upsert_, remove_, byKey_;
};

} // namespace bm::db
