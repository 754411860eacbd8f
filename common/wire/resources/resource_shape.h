#pragma once
#include "common/wire/json/json_patch.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/resources/versions.h"

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace bm::wire {

/// A row of a resource's table: how bm shows and accepts one field, and from which version on.
template <class T> struct ResourceField {
    std::string_view name;
    int since;   ///< minor of the microversion that shows and accepts it
    bool create; ///< POST takes it
    bool patch;  ///< PATCH takes it
    void (*render)(JsonWriter& out, const T& item, std::string_view base); ///< nullptr: accepted, never shown
    void (*assign)(T& item, const nlohmann::json& value, std::string_view field); ///< nullptr: read-only
    int shownSince = 0; ///< of a field that is shown before `since`. As in Ironic, only the first step of a
                        ///< PATCH counts then, and POST takes an empty value of it
};

/// A resource of Ironic's API by the table of its fields. Immutable.
/// common/wire/resources/resource_shape.cpp.h has the code, for the file with the table.
template <class T> class ResourceShape {
public:
    using Field = ResourceField<T>;
    using Fields = std::vector<const Field*>;
    struct Words {
        std::string_view one;                   ///< "port", in refusals
        std::vector<std::string_view> summary;  ///< fields of a list without detail
        std::vector<std::string_view> required; ///< by POST
    };

    ResourceShape(Words words, std::vector<Field> rows) : words_(std::move(words)), rows_(std::move(rows)) {}

    const std::vector<Field>& rows() const { return rows_; }
    Fields detail(Version version) const;
    Fields summary(Version version) const;
    /// `fields=a,b`. @throws Error InvalidInput (no such field), NotAcceptable (newer than @p version)
    Fields selection(std::string_view commaSeparated, Version version) const;
    void write(JsonWriter& out, const T& item, std::string_view base, const Fields& fields) const;

    /// The body of POST over @p item. @param lenient a required field that the body may omit
    /// @throws Error InvalidInput naming the field, NotAcceptable
    T fromCreate(const nlohmann::json& body, Version version, T item = {},
                 std::string_view lenient = {}) const;
    /// Refuses a body of PATCH that fits no item. @throws Error InvalidInput, NotAcceptable
    void checkPatch(const nlohmann::json& body, Version version) const;
    /// The body of PATCH applied to @p item. All or nothing. @throws Error InvalidInput, NotAcceptable
    void patch(T& item, const nlohmann::json& body, Version version) const;
    /// Assigns the fields of @p wanted (as for create) that differ from @p item. @return their names
    std::vector<std::string> merge(T& item, const nlohmann::json& wanted) const;

private:
    const Field* find(std::string_view name) const;
    const Field& creatable(std::string_view name) const;
    void checkVersion(const Field& field, Version version) const;
    static bool isShown(const Field& field, Version version);
    void checkPaths(const JsonPatch& patch, Version version) const;
    void checkRemovals(const JsonPatch& patch, const nlohmann::json& after) const;
    std::string namesOf(bool create) const;
    nlohmann::json documentOf(const T& item) const;

    Words words_;
    std::vector<Field> rows_;
};

} // namespace bm::wire
