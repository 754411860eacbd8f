#pragma once
#include "common/model/interfaces.h"
#include "common/wire/json/json_writer.h"
#include "common/wire/resources/versions.h"

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

namespace bm::wire {

/// A node for one answer; all borrowed.
struct NodeView {
    const model::Node& node;
    const model::InterfaceTable& interfaces;
    std::string_view base;      ///< "http://host:port", for links
    std::string_view conductor; ///< name of its conductor
    bool reserved = false;      ///< an operation runs on it
    Version version = kMaxVersion;
    bool redacted = false;     ///< for lessees: Ironic's texts in place of the infrastructure's data
    bool parentHidden = false; ///< the parent belongs to another project
    bool masked = true;        ///< secrets read "******"; false only for documents that bmd does not send
};

/// A row of the node's table: how bm shows and accepts one field, and from which version on.
struct NodeField {
    std::string_view name;
    int since;                   ///< minor of the microversion that shows and accepts it
    bool create;                 ///< POST takes it
    bool patch;                  ///< PATCH takes it
    std::string_view sortColumn; ///< the column for sort_key; empty: sort_key refuses the field
    void (*render)(JsonWriter& out, const NodeView& view);
    /// nullptr: read-only, or (with `create`) the name of an interface.
    void (*assign)(model::Node& node, const nlohmann::json& value, std::string_view field);
};

/// All of them, in the order in which Ironic shows them.
const std::vector<NodeField>& nodeFields();
const NodeField* findNodeField(std::string_view name);

using NodeFieldList = std::vector<const NodeField*>;
NodeFieldList nodeDetail(Version version);
NodeFieldList nodeSummary(Version version);
/// `fields=a,b`. @throws Error InvalidInput (no such field), NotAcceptable (newer than @p version)
NodeFieldList nodeSelection(std::string_view commaSeparated, Version version);
/// Appends the node's fields, always with links.
void writeNode(JsonWriter& out, const NodeView& view, const NodeFieldList& fields);

/// The body of POST /v1/nodes. Below 1.11 a new node is available. @throws Error InvalidInput naming the
/// field, NotAcceptable
model::Node nodeFromCreate(const nlohmann::json& body, Version version,
                           const model::InterfaceTable& interfaces);
/// Refuses a body of PATCH /v1/nodes/{ident} that fits no node. @throws Error InvalidInput, NotAcceptable
void checkNodePatch(const nlohmann::json& patch, Version version);
/// The interfaces of a node that changes its hardware type: those that it has, or the new type's defaults.
/// The patch's own choice counts in both cases.
enum class NewDriver : std::uint8_t { KeepsInterfaces, ResetsInterfaces };
/// The body of PATCH /v1/nodes/{ident} applied to @p node. All or nothing. @throws Error InvalidInput (also:
/// the new hardware type does not have an interface that the node keeps), NotAcceptable
void patchNode(model::Node& node, const nlohmann::json& patch, Version version,
               const model::InterfaceTable& interfaces, NewDriver newDriver = NewDriver::KeepsInterfaces);
/// Assigns the fields of @p wanted (as for create) that differ from @p node. Compares driver_info's secrets
/// with @p openDriverInfo (plain). Keeps properties that @p wanted does not name: an inspection may have
/// found them. @return names of the changed fields
std::vector<std::string> mergeNode(model::Node& node, const nlohmann::json& wanted,
                                   const nlohmann::json& openDriverInfo,
                                   const model::InterfaceTable& interfaces);

} // namespace bm::wire
