#pragma once
#include "common/model/error.h"
#include "common/model/event_kinds.h"
#include "common/wire/json/idents.h"
#include "conductor/core/nodes.h"
#include "db/repositories/resources/resource_repository.h"

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bm::conductor {

struct ResourceEvents {
    model::EventKind created;
    model::EventKind changed;
    model::EventKind deleted;
};

/// The rules of one kind of resource other than nodes and ports. The kind's own file has them.
template <class T> struct ResourceRules {
    std::string_view one;  ///< "Chassis", at the begin of a sentence
    std::string_view noun; ///< "chassis", inside a sentence
    ResourceEvents events;
    const db::ResourceRepository<T>& (*repository)();
    std::string_view nameColumn;     ///< the field that may replace the uuid; "": none
    model::NodeId (*node)(const T&); ///< its node; empty: none
    /// Refuses an item that may not be stored. @p before: the stored item; null: it is new. @throws Error
    void (*refuse)(db::Transaction& tx, const Context& context, const T& item, const T* before);
    /// Refuses an item that may not be deleted, and deletes its dependants. @throws Error
    void (*refuseRemoval)(db::Transaction& tx, const Context& context, const T& item);
    /// Fills a new item before it is stored; nullptr: nothing to fill. @throws Error
    void (*complete)(db::Transaction& tx, const Context& context, T& item,
                     const std::string& actor) = nullptr;
};

/// Creates, changes and deletes resources of one kind. Each call is one transaction with its event.
template <class T> class Resources {
public:
    Resources(Context context, const ResourceRules<T>& rules) : context_(std::move(context)), rules_(rules) {}

    /// By uuid, or by name where the kind has names. @throws Error NotFound, InvalidInput in Ironic's words
    T get(const std::string& ident) const
    {
        return context_.database.read([&](db::Transaction& tx) { return find(tx, ident); });
    }
    std::vector<T> list(const db::ResourcePage& page) const
    {
        return context_.database.read(
            [&](db::Transaction& tx) { return rules_.repository().list(tx, page); });
    }
    /// Stores @p item, of an existing node; an empty id gets a new one. @throws Error Conflict, InvalidInput
    T create(T item, const std::string& actor) const
    {
        if (item.id.empty())
            item.id.uuid = model::makeUuid();
        item.createdAt = item.updatedAt = context_.clock.now();
        return context_.database.write([&](db::Transaction& tx) {
            T created = item; // each try completes what the caller gave
            refuseKnown(tx, created.id.uuid);
            if (rules_.complete != nullptr)
                rules_.complete(tx, context_, created, actor);
            rules_.refuse(tx, context_, created, nullptr);
            context_.projects.store<T>(tx, projectOf(tx, created), created, nullptr);
            rules_.repository().insert(tx, created);
            recordEvent(tx, created, rules_.events.created, actor);
            return created;
        });
    }
    T update(const std::string& ident, const std::function<void(T&)>& change, const std::string& actor) const
    {
        return context_.database.write([&](db::Transaction& tx) {
            const T before = find(tx, ident);
            T item = before;
            change(item);
            rules_.refuse(tx, context_, item, &before);
            context_.projects.store(tx, projectOf(tx, item), item, &before);
            item.updatedAt = context_.clock.now();
            rules_.repository().update(tx, item);
            recordEvent(tx, item, rules_.events.changed, actor);
            return item;
        });
    }
    void remove(const std::string& ident, const std::string& actor) const
    {
        context_.database.write([&](db::Transaction& tx) { remove(tx, find(tx, ident), actor); });
    }
    /// Deletes all, or none when one may not be deleted.
    void removeAll(const std::string& actor) const
    {
        constexpr std::size_t kAll = 1'000'000;
        context_.database.write([&](db::Transaction& tx) {
            for (const T& item : rules_.repository().list(tx, {.limit = kAll}))
                remove(tx, item, actor);
        });
    }

private:
    void remove(db::Transaction& tx, const T& item, const std::string& actor) const
    {
        rules_.refuseRemoval(tx, context_, item);
        rules_.repository().remove(tx, item.id.uuid);
        recordEvent(tx, item, rules_.events.deleted, actor);
    }
    T find(db::Transaction& tx, const std::string& ident) const
    {
        if (rules_.nameColumn.empty())
            wire::requireUuid(parameter("_uuid"), ident);
        else
            wire::requireUuidOrName(parameter("_ident"), ident);
        std::optional<T> item;
        if (model::isUuid(ident))
            item = rules_.repository().find(tx, ident);
        else if (!rules_.nameColumn.empty())
            item = rules_.repository().findBy(tx, rules_.nameColumn, ident);
        if (!item)
            throw model::Error(model::ErrorCode::NotFound,
                               std::string(rules_.one) + " " + ident + " could not be found.");
        return *item;
    }
    /// Ironic's name of the identifier: "allocation_ident".
    std::string parameter(std::string_view ending) const
    {
        std::string name = std::string(rules_.noun) + std::string(ending);
        std::ranges::replace(name, ' ', '_');
        return name;
    }
    /// The project that the item's data counts for: its owner, or its node's.
    std::string projectOf(db::Transaction& tx, const T& item) const
    {
        if constexpr (requires { item.owner; })
            return item.owner;
        const model::NodeId id = rules_.node(item);
        const std::optional<model::Node> node = id.empty() ? std::nullopt : db::NodeRepository{}.find(tx, id);
        return node ? dataProjectOf(*node) : std::string();
    }
    void refuseKnown(db::Transaction& tx, const std::string& uuid) const
    {
        if (rules_.repository().find(tx, uuid))
            throw model::Error(
                model::ErrorCode::Conflict,
                std::string(rules_.noun.front() == 'a' || rules_.noun.front() == 'i' ? "An " : "A ") +
                    std::string(rules_.noun) + " with UUID " + uuid + " already exists.");
    }
    void recordEvent(db::Transaction& tx, const T& item, model::EventKind kind,
                     const std::string& actor) const
    {
        conductor::recordEvent(tx, context_.clock.now(), rules_.node(item), kind,
                               item.id.uuid + " by " + actor);
    }

    Context context_;
    const ResourceRules<T>& rules_;
};

} // namespace bm::conductor
