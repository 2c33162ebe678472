package org.codanet.file.torch;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.codanet.file.torch.PickleObject.Function;
import org.codanet.file.torch.PickleObject.Opaque;
import org.codanet.file.torch.PickleObject.StorageType;

/**
 * The meaning of the classes and functions that a pickle names.
 *
 * <p>Only the names that build dictionaries, tensors and byte arrays are interpreted. Every other name becomes an {@link Opaque}
 * object, which never runs code. Names that give access to the system are refused nevertheless. No network needs them, so a file that
 * contains one was made to attack PyTorch's own reader.
 */
final class PickleGlobals {
    private static final Map<String, Function> FUNCTIONS = Map.ofEntries(
            Map.entry("collections.OrderedDict", Function.DICTIONARY),
            Map.entry("builtins.dict", Function.DICTIONARY),
            Map.entry("__builtin__.dict", Function.DICTIONARY),
            Map.entry("collections.defaultdict", Function.DEFAULT_DICT),
            Map.entry("torch._utils._rebuild_tensor", Function.REBUILD_TENSOR),
            Map.entry("torch._utils._rebuild_tensor_v2", Function.REBUILD_TENSOR),
            Map.entry("torch._utils._rebuild_parameter", Function.REBUILD_PARAMETER),
            Map.entry("torch._utils._rebuild_parameter_with_state", Function.REBUILD_PARAMETER),
            Map.entry("torch._tensor._rebuild_from_type_v2", Function.REBUILD_FROM_TYPE),
            Map.entry("torch.Size", Function.SIZE),
            Map.entry("numpy.core.multiarray._reconstruct", Function.NUMPY_ARRAY),
            Map.entry("numpy._core.multiarray._reconstruct", Function.NUMPY_ARRAY),
            Map.entry("_codecs.encode", Function.ENCODE));

    /** Modules that are refused as a whole, with their submodules. */
    private static final Set<String> REFUSED_MODULES = Set.of(
            "os",
            "posix",
            "nt",
            "posixpath",
            "ntpath",
            "sys",
            "subprocess",
            "_posixsubprocess",
            "pty",
            "shutil",
            "socket",
            "webbrowser",
            "runpy",
            "importlib",
            "imp",
            "pkgutil",
            "ctypes",
            "codeop",
            "bdb",
            "pdb",
            "timeit",
            "cProfile",
            "doctest",
            "pip",
            "ensurepip",
            "venv",
            "pydoc",
            "idlelib",
            "lib2to3",
            "marshal",
            "pickle",
            "_pickle",
            "dill",
            "cloudpickle",
            "httplib",
            "ftplib",
            "smtplib",
            "requests",
            "operator",
            "_operator");

    private static final Set<String> REFUSED_NAMES = Set.of(
            "code.InteractiveInterpreter",
            "code.InteractiveConsole",
            "code.interact",
            "commands.getoutput",
            "commands.getstatusoutput",
            "trace.Trace",
            "profile.run",
            "profile.Profile",
            "types.FunctionType",
            "types.LambdaType",
            "types.CodeType",
            "types.ModuleType",
            "urllib.request",
            "urllib2",
            "http.client",
            "platform.popen",
            "torch.load",
            "torch.save",
            "torch.hub",
            "torch.serialization.load",
            "torch.storage._load_from_bytes",
            "torch.jit.load",
            "numpy.load",
            "joblib.load",
            "numpy.testing._private.utils.runstring",
            "asyncio.unix_events._UnixSubprocessTransport.start",
            "multiprocessing.util.spawnv_passfds",
            "logging.config.dictConfig",
            "logging.config.listen",
            "io.open",
            "io.FileIO",
            "_io.FileIO",
            "_io.open",
            "codecs.open");

    private static final List<String> BUILTINS = List.of("builtins", "__builtin__", "__builtins__");

    /** The built-in functions that evaluate text, open files or load modules. */
    private static final Set<String> REFUSED_BUILTINS = Set.of(
            "eval",
            "exec",
            "execfile",
            "compile",
            "open",
            "file",
            "__import__",
            "__build_class__",
            "breakpoint",
            "input",
            "raw_input",
            "reload",
            "apply",
            "globals",
            "locals",
            "vars",
            "delattr",
            "setattr");

    private PickleGlobals() {}

    /**
     * {@return the function, storage type or opaque object of this name; empty if the file must be refused}
     *
     * @param module such as {@code torch._utils}
     * @param name such as {@code _rebuild_tensor_v2}; protocol 4 allows dots in it
     */
    static Optional<PickleObject> named(String module, String name) {
        String whole = module + "." + name;
        Function function = FUNCTIONS.get(whole);
        if (function != null) {
            return Optional.of(function);
        }
        if (isRefused(module, name, whole)) {
            return Optional.empty();
        }
        Optional<StorageType> storage =
                module.equals("torch") || module.equals("torch.storage") ? StorageType.named(name) : Optional.empty();
        return Optional.of(storage.<PickleObject>map(type -> type).orElseGet(() -> new Opaque(whole)));
    }

    private static boolean isRefused(String module, String name, String whole) {
        int dot = module.indexOf('.');
        String root = dot < 0 ? module : module.substring(0, dot);
        if (REFUSED_MODULES.contains(root)) {
            return true;
        }
        String first = name.contains(".") ? name.substring(0, name.indexOf('.')) : name;
        if (BUILTINS.contains(root)) {
            return REFUSED_BUILTINS.contains(first);
        }
        return REFUSED_NAMES.stream().anyMatch(refused -> whole.equals(refused) || whole.startsWith(refused + "."));
    }
}
