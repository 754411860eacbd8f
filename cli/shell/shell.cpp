#include "cli/shell/shell.h"

#include "common/model/error.h"

#include <iostream>
#include <map>

namespace bm::cli {

using model::Error;
using model::ErrorCode;

Client& Shell::client()
{
    if (!client_)
        client_ = std::make_unique<Client>(resolveEndpoint(endpointOption, contextOption));
    return *client_;
}

Format Shell::format() const
{
    static const std::map<std::string, Format> kFormats{
        {"json", Format::Json}, {"yaml", Format::Yaml}, {"name", Format::Name}, {"wide", Format::Wide}};
    const auto found = kFormats.find(formatOption);
    return found == kFormats.end() ? Format::Table : found->second;
}

View Shell::view() const
{
    View view(format());
    view.columns = columnsOption;
    view.sort = sortOption;
    view.header = !noHeader;
    return view;
}

void Shell::print(const nlohmann::json& rows, const std::vector<Column>& columns) const
{
    std::cout << renderList(rows, columns, view());
}

void Shell::print(const nlohmann::json& object) const
{
    std::cout << renderObject(object, view());
}

std::vector<std::string> Shell::nodes(const std::vector<std::string>& given)
{
    return expandNodes(client(), given);
}

std::string Shell::node(const std::string& given)
{
    return isGlob(given) ? expandNode(client(), given) : given;
}

FailedWork::FailedWork(const nlohmann::json& error, const std::string& subject)
    : Error(model::errorCodeFromText(error.value("code", "")).value_or(ErrorCode::Internal),
            (subject.empty() ? "" : subject + ": ") + error.value("message", ""), error.value("hint", ""))
{}

int exitCodeOf(const std::exception& failure)
{
    const auto* error = dynamic_cast<const Error*>(&failure);
    if (error == nullptr || dynamic_cast<const FailedWork*>(&failure) != nullptr)
        return 1;
    switch (error->code()) {
    case ErrorCode::InvalidInput:
    case ErrorCode::NotAcceptable:
    case ErrorCode::UnsupportedMediaType:
    case ErrorCode::InvalidTransition:
    case ErrorCode::TooLarge:
        return 2;
    case ErrorCode::NotFound:
        return 3;
    case ErrorCode::Conflict:
    case ErrorCode::NodeLocked:
    case ErrorCode::ImageInUse:
        return 4;
    case ErrorCode::Unauthorized:
    case ErrorCode::Forbidden:
    case ErrorCode::NodeProtected:
        return 5;
    case ErrorCode::Unavailable:
    case ErrorCode::UntrustedServer:
    case ErrorCode::RequestTimeout:
        return 6;
    default:
        return 1;
    }
}

std::string nodePath(const std::string& ident, const std::string& rest)
{
    return "/v1/nodes/" + platform::urlEncode(ident) + rest;
}

} // namespace bm::cli
