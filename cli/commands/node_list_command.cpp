// `bm node list`: prints each page as it arrives, so that output of ten thousand nodes begins at once.
#include "cli/commands/node_subcommands.h"
#include "common/model/error.h"

#include <algorithm>
#include <fmt/format.h>
#include <fnmatch.h>
#include <iostream>
#include <set>

namespace bm::cli {

using model::Error;
using model::ErrorCode;
using nlohmann::json;

namespace {

const std::vector<Column> kNodeColumns{{"NAME", "name"},
                                       {"STATE", "provision_state"},
                                       {"POWER", "power_state"},
                                       {"MAINTENANCE", "maintenance"},
                                       {"CLASS", "resource_class"},
                                       {"IMAGE", "instance_info/image_source"},
                                       {"UUID", "uuid"},
                                       {"RACK", "properties/rack", true},
                                       {"DRIVER", "driver", true},
                                       {"OWNER", "owner", true},
                                       {"PROTECTED", "protected", true},
                                       {"ERROR", "last_error", true}};

struct ListOptions {
    std::vector<std::string> names;
    std::string state;
    std::string resourceClass;
    bool maintenance = false;
};

bool fits(const std::vector<std::string>& names, const json& node)
{
    if (names.empty())
        return true;
    const std::string name = plainText(node.at("name"));
    const std::string uuid = plainText(node.at("uuid"));
    return std::any_of(names.begin(), names.end(), [&](const std::string& wanted) {
        return ::fnmatch(wanted.c_str(), name.c_str(), 0) == 0 || wanted == uuid;
    });
}

/// The fields of a node that the output needs. JSON and YAML show all fields.
std::string fieldsFor(const View& view)
{
    if (!view.table() && view.format != Format::Name && view.columns.empty())
        return "detail=true";
    std::vector<Column> columns = columnsOf(kNodeColumns, view);
    if (!view.sort.empty())
        columns.push_back(columnsOf(kNodeColumns,
                                    [&] {
                                        View sorted;
                                        sorted.columns = {view.sort.starts_with('-') ? view.sort.substr(1)
                                                                                     : view.sort};
                                        return sorted;
                                    }())
                              .front());
    std::set<std::string> fields{"name", "uuid"};
    for (const Column& column : columns)
        fields.insert(platform::urlEncode(column.path.substr(0, column.path.find('/'))));
    return fmt::format("fields={}", fmt::join(fields, ","));
}

int list(Shell& shell, const ListOptions& options)
{
    std::string query;
    if (!options.state.empty())
        query += "&provision_state=" + platform::urlEncode(options.state);
    if (!options.resourceClass.empty())
        query += "&resource_class=" + platform::urlEncode(options.resourceClass);
    if (options.maintenance)
        query += "&maintenance=true";
    std::size_t found = 0;
    ListPrinter printer(std::cout, kNodeColumns, shell.view());
    eachPageOfNodes(shell.client(), fieldsFor(shell.view()) + query, [&](const json& nodes) {
        json shown = json::array();
        for (const json& node : nodes)
            if (fits(options.names, node))
                shown.push_back(node);
        found += shown.size();
        if (!shown.empty())
            printer.add(shown);
    });
    if (found == 0 && !options.names.empty())
        throw Error(ErrorCode::NotFound,
                    "no node name matches " + fmt::format("{}", fmt::join(options.names, " ")),
                    "bm node list -o name shows all names");
    printer.finish();
    if (found == 0 && shell.view().table())
        std::cerr << "no nodes" << (query.empty() ? " yet: bm node enrol -f inventory.yaml" : " match")
                  << "\n";
    return 0;
}

} // namespace

void addNodeList(CLI::App& node, Shell& shell)
{
    const auto options = std::make_shared<ListOptions>();
    CLI::App* listing = node.add_subcommand("list", "List all nodes, or those whose names match");
    listing->add_option("nodes", options->names, "names or globs, for example 'rack1-*' (default: all)");
    listing->add_option("--state", options->state,
                        "only nodes in this provision state, for example \"active\"");
    listing->add_option("--class", options->resourceClass, "only nodes of this resource class");
    listing->add_flag("--maintenance", options->maintenance, "only nodes in maintenance");
    listing->footer("Examples:\n  bm node list --state available\n"
                    "  bm node list 'rack1-*' --columns name,state,properties/rack --sort -state\n"
                    "  bm node list --class web -o name | xargs bm power status");
    listing->callback(
        [&shell, options] { shell.action = [&shell, options] { return list(shell, *options); }; });
}

} // namespace bm::cli
