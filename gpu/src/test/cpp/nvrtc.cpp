/* The simulated CUDA machine: NVRTC, libnvrtc.so.13. g++ compiles a program as C++, after device.h, with instrumented memory
 * accesses. The "cubin" is the length of the shared object, then the shared object. */
#include "machine.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

namespace {
enum { NVRTC_SUCCESS = 0, NVRTC_ERROR_COMPILATION = 6, NVRTC_ERROR_BUILTIN_OPERATION_FAILURE = 7 };

struct Program {
    std::string source, name, log, image;
};

std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
}

/* Names of the functions marked __global__. */
std::vector<std::string> kernels(const std::string& source) {
    std::vector<std::string> names;
    const std::string mark = "extern \"C\" __global__";
    for (size_t at = source.find(mark); at != std::string::npos; at = source.find(mark, at + 1)) {
        const size_t type = source.find("void ", at), end = source.find('(', type);
        names.push_back(source.substr(type + 5, end - type - 5));
    }
    return names;
}

/* The text that the compiler compiles, and its options. */
std::string whole_source(const Program& program) {
    std::string text = "#include \"device.h\"\n#line 1 \"" + program.name + "\"\n" + program.source + "\nSIM_SHARED\n";
    for (auto& kernel : kernels(program.source)) text += "SIM_KERNEL(" + kernel + ")\n";
    return text;
}

std::string compiler_options(int count, const char* const* options) {
    std::string text = "-std=c++17 -O3 -fno-tree-vectorize -w -c -fPIC -fvisibility=hidden -ffp-contract=off -fno-strict-aliasing -I'" + machine::folder() + "'";
    /* Kernels are not vectorized, because AddressSanitizer checks only the first and last byte of an unaligned vector. The runtime
     * libraries of the sanitizers are not linked: accesses.cpp replaces them. */
    text += machine::detects_races()
            ? " -fsanitize=thread,alignment --param tsan-instrument-func-entry-exit=0"
            : " -fsanitize=kernel-address -fasan-shadow-offset=" + std::to_string(machine::SHADOW)
                    + " --param asan-instrumentation-with-call-threshold=1000000 --param asan-stack=0 --param asan-globals=0";
    for (int i = 0; i < count; i++) {
        if (strncmp(options[i], "-D", 2) == 0) text += " '" + std::string(options[i]) + "'";
    }
    return text;
}

/* Whether a file holds a whole image: a process may have been killed while it wrote it. */
bool is_whole(const std::string& image) {
    size_t length;
    if (image.size() < sizeof length) return false;
    memcpy(&length, image.data(), sizeof length);
    return length == image.size() - sizeof length;
}

/* Compiles a program in a new directory. Returns whether it succeeded. */
bool compile(Program& program, const std::string& text, const std::string& options) {
    std::string place = machine::folder() + "/compile-XXXXXX";
    if (mkdtemp(&place[0]) == nullptr) return false;
    const std::string source = place + "/source.cpp", compiled = place + "/kernel.o", object = place + "/kernel.so",
                      log = place + "/log";
    std::ofstream(source) << text;
    const std::string command = "g++ " + options + " -o '" + compiled + "' '" + source + "' 2> '" + log + "' && g++ -shared -o '"
            + object + "' '" + compiled + "' '" + machine::folder() + "/libcuda.so.1' 2>> '" + log + "'";
    const int status = system(command.c_str());
    program.log = content(log);
    if (status == 0) {
        const std::string bytes = content(object);
        const size_t length = bytes.size();
        program.image = std::string((const char*) &length, sizeof length) + bytes;
    }
    for (auto& file : {source, compiled, object, log}) unlink(file.c_str());
    rmdir(place.c_str());
    return status == 0;
}
}  // namespace

#define ENTER(name)                                     \
    do {                                                \
        const int status = machine::enter(name, false); \
        if (status != 0) return status;                 \
    } while (0)

API int nvrtcVersion(int* major, int* minor) { *major = 13; *minor = 0; return NVRTC_SUCCESS; }

API const char* nvrtcGetErrorString(int status) {
    return status == NVRTC_SUCCESS ? "NVRTC_SUCCESS" : status == NVRTC_ERROR_COMPILATION ? "NVRTC_ERROR_COMPILATION"
         : "NVRTC_ERROR_SIMULATED";
}

API int nvrtcCreateProgram(Program** program, const char* source, const char* name, int, const char* const*, const char* const*) {
    ENTER("nvrtcCreateProgram");
    *program = new Program{source, name == nullptr ? "program" : name, "", ""};
    machine::live("program", 1);
    return NVRTC_SUCCESS;
}

API int nvrtcDestroyProgram(Program** program) {
    machine::enter("nvrtcDestroyProgram", false);
    delete *program;
    *program = nullptr;
    machine::live("program", -1);
    return NVRTC_SUCCESS;
}

/* Images are kept in a directory, by a hash of the source and the options. A lock on the file makes two processes that need the same
 * image compile it once. */
API int nvrtcCompileProgram(Program* program, int count, const char* const* options) {
    ENTER("nvrtcCompileProgram");
    const std::string text = whole_source(*program), flags = compiler_options(count, options),
                      folder = machine::folder() + "/compiled";
    mkdir(folder.c_str(), 0777);
    const std::hash<std::string> hash;
    const std::string path = folder + "/" + std::to_string(hash(text)) + "-" + std::to_string(hash(flags + text));
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (file < 0 || flock(file, LOCK_EX) != 0) return NVRTC_ERROR_BUILTIN_OPERATION_FAILURE;
    program->image = content(path);
    bool done = is_whole(program->image);
    if (!done && compile(*program, text, flags)) {
        const std::string& image = program->image;
        done = ftruncate(file, 0) == 0 && write(file, image.data(), image.size()) == (ssize_t) image.size();
    }
    close(file);
    return done ? NVRTC_SUCCESS : NVRTC_ERROR_COMPILATION;
}

API int nvrtcGetCUBINSize(Program* program, size_t* size) { ENTER("nvrtcGetCUBINSize"); *size = program->image.size(); return NVRTC_SUCCESS; }
API int nvrtcGetCUBIN(Program* program, char* image) {
    ENTER("nvrtcGetCUBIN");
    memcpy(image, program->image.data(), program->image.size());
    return NVRTC_SUCCESS;
}
API int nvrtcGetPTXSize(Program* program, size_t* size) { ENTER("nvrtcGetPTXSize"); *size = program->image.size(); return NVRTC_SUCCESS; }
API int nvrtcGetPTX(Program* program, char* image) {
    ENTER("nvrtcGetPTX");
    memcpy(image, program->image.data(), program->image.size());
    return NVRTC_SUCCESS;
}
API int nvrtcGetProgramLogSize(Program* program, size_t* size) { *size = program->log.size() + 1; return NVRTC_SUCCESS; }
API int nvrtcGetProgramLog(Program* program, char* log) {
    memcpy(log, program->log.c_str(), program->log.size() + 1);
    return NVRTC_SUCCESS;
}
API int nvrtcGetNumSupportedArchs(int* count) { *count = 2; return NVRTC_SUCCESS; }
API int nvrtcGetSupportedArchs(int* archs) { archs[0] = 80; archs[1] = 90; return NVRTC_SUCCESS; }
