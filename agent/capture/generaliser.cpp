#include "agent/capture/generaliser.h"

#include "agent/disk/gpt.h"
#include "agent/disk/mounted.h"
#include "agent/files/selinux.h"
#include "common/model/error.h"

#include <algorithm>
#include <fmt/format.h>
#include <fnmatch.h>
#include <system_error>

namespace bm::agent {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kKeyUnit = R"([Unit]
Description=Host keys for ssh, made at the first start of a captured system
Before=ssh.service sshd.service ssh.socket
ConditionPathExists=!/etc/ssh/ssh_host_ed25519_key

[Service]
Type=oneshot
ExecStart=/usr/bin/ssh-keygen -A

[Install]
WantedBy=multi-user.target
)";

/// Changes the files of one system.
class Tree {
public:
    explicit Tree(fs::path root) : root_(std::move(root)) {}

    /// Removes the entries of @p folder whose names match @p pattern (fnmatch, '*' within one name), folders
    /// with their content.
    void remove(const std::string& folder, const std::string& pattern)
    {
        for (const fs::path& path : matching(folder, pattern)) {
            std::error_code error;
            fs::remove_all(path, error);
            recordChange(path, error, "removed");
        }
    }

    void empty(const std::string& folder, const std::string& pattern)
    {
        for (const fs::path& path : matching(folder, pattern)) {
            std::error_code error;
            if (!fs::is_regular_file(fs::symlink_status(path, error)) || fs::file_size(path, error) == 0)
                continue;
            fs::resize_file(path, 0, error);
            recordChange(path, error, "emptied");
        }
    }

    /// Every regular file below @p folder.
    void emptyAll(const std::string& folder)
    {
        if (!isPlainPath(root_, root_ / folder))
            return;
        std::error_code error;
        for (fs::recursive_directory_iterator at(root_ / folder, error), end; !error && at != end;
             at.increment(error)) {
            if (!at->is_regular_file(error) || at->is_symlink(error) || at->file_size(error) == 0)
                continue;
            std::error_code failure;
            fs::resize_file(at->path(), 0, failure);
            recordChange(at->path(), failure, "emptied");
        }
    }

    bool has(const std::string& path) const
    {
        std::error_code ignored;
        return fs::exists(fs::symlink_status(root_ / path, ignored));
    }

    /// Empty when there is no such file.
    std::string read(const std::string& path) const
    {
        std::error_code ignored;
        return isPlainPath(root_, root_ / path) && fs::is_regular_file(root_ / path, ignored)
                   ? platform::readFile(root_ / path)
                   : std::string();
    }

    void write(const std::string& path, std::string_view text)
    {
        if (!isPlainPath(root_, root_ / path))
            return;
        platform::writeFileAtomically(root_ / path, text);
        done_.push_back(path + " added");
    }

    void link(const std::string& path, const std::string& to)
    {
        std::error_code error;
        if (!isPlainPath(root_, (root_ / path).parent_path()))
            return;
        fs::create_directories((root_ / path).parent_path(), error);
        fs::create_symlink(to, root_ / path, error);
        recordChange(root_ / path, error, "added");
    }

    std::vector<std::string> done() { return std::move(done_); }

private:
    std::vector<fs::path> matching(const std::string& folder, const std::string& pattern) const
    {
        std::vector<fs::path> out;
        if (!isPlainPath(root_, root_ / folder))
            return out;
        std::error_code ignored;
        for (const fs::directory_entry& entry : fs::directory_iterator(root_ / folder, ignored))
            if (::fnmatch(pattern.c_str(), entry.path().filename().c_str(), 0) == 0)
                out.push_back(entry.path());
        std::ranges::sort(out);
        return out;
    }

    void recordChange(const fs::path& path, const std::error_code& error, std::string_view what)
    {
        const std::string name = path.lexically_relative(root_).string();
        if (error)
            throw model::Error(model::ErrorCode::DiskFailed, fmt::format("{}: {}", name, error.message()));
        done_.push_back(fmt::format("{} {}", name, what));
    }

    fs::path root_;
    std::vector<std::string> done_;
};

/// Debian creates host keys at the package's installation, and cloud-init at its first start. Other systems
/// create none.
void makeKeysAtStart(Tree& tree)
{
    if (!tree.has("usr/bin/ssh-keygen") || !tree.has("etc/systemd/system") || tree.has("usr/bin/cloud-init"))
        return;
    tree.write("etc/systemd/system/bm-ssh-host-keys.service", kKeyUnit);
    tree.remove("etc/systemd/system/multi-user.target.wants", "bm-ssh-host-keys.service");
    tree.link("etc/systemd/system/multi-user.target.wants/bm-ssh-host-keys.service",
              "/etc/systemd/system/bm-ssh-host-keys.service");
    if (usesSelinux(tree.read("etc/selinux/config")))
        tree.write(kRelabelMark, "");
}

} // namespace

bool isRootFolder(const fs::path& root)
{
    const Tree tree(root);
    return tree.has("etc") && (tree.has("etc/os-release") || tree.has("etc/passwd"));
}

std::vector<std::string> generaliseTree(const fs::path& root)
{
    Tree tree(root);
    tree.empty("etc", "machine-id");
    tree.remove("etc/ssh", "ssh_host_*");
    makeKeysAtStart(tree);
    for (const char* folder :
         {"var/lib/dhcp", "var/lib/dhclient", "var/lib/NetworkManager", "var/lib/dhcpcd"})
        tree.remove(folder, "*lease*");
    tree.remove("etc/udev/rules.d", "70-persistent-net.rules");
    tree.remove("var/lib/systemd", "random-seed");
    tree.remove("var/lib/cloud", "*");
    tree.remove("var/log/journal", "*");
    tree.emptyAll("var/log");
    for (const char* folder : {"tmp", "var/tmp"})
        tree.remove(folder, "*");
    tree.remove("root", ".*_history");
    std::error_code ignored;
    for (const fs::directory_entry& home : fs::directory_iterator(root / "home", ignored))
        tree.remove("home/" + home.path().filename().string(), ".*_history");
    std::error_code error;
    if (!fs::is_symlink(fs::symlink_status(root / "var/lib/dbus/machine-id", error)))
        tree.remove("var/lib/dbus", "machine-id");
    return tree.done();
}

std::vector<std::string> generaliseDisk(const BlockDevice& device, AgentLog& log)
{
    std::vector<std::string> done;
    bool found = false;
    for (const Extent& partition : partitionsOf(device)) {
        const ByteRange part = bytesOf(partition, device);
        const FileSystem kind = fileSystemAt(device, part);
        if (!isMountable(kind))
            continue;
        const Mounted mounted(device, part, kind, false);
        if (!isRootFolder(mounted.root()))
            continue;
        found = true;
        for (std::string& line : generaliseTree(mounted.root())) {
            log.info("generalise: " + line);
            done.push_back(std::move(line));
        }
    }
    if (!found)
        throw model::Error(model::ErrorCode::ImageUnsupported,
                           "no root file system was found on the disk's partitions: nothing to generalise",
                           "capture without --generalise, after cleaning up on the machine itself");
    return done;
}

} // namespace bm::agent
