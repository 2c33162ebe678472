package org.codanet.bindings;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A library that is opened for inspection, with the C library's {@code dlopen}.
 *
 * <p>{@link SymbolLookup#libraryLookup} does not suffice, for two reasons. It drops the linker's error message, which a user needs if a
 * library exists but cannot be opened. And it does not report the file to which a bare name was resolved. Closing unloads the library,
 * unless it was loaded in the meantime.
 */
final class DynamicLinker implements SymbolLookup, AutoCloseable {
    private static final int RTLD_LAZY = 1;
    private static final int RTLD_NOLOAD = 4;
    private static final int RTLD_DI_LINKMAP = 2;

    private static final Linker LINKER = Linker.nativeLinker();
    private static final MethodHandle DLOPEN = handle("dlopen", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
    private static final MethodHandle DLERROR = handle("dlerror", FunctionDescriptor.of(ADDRESS));
    private static final MethodHandle DLSYM = handle("dlsym", FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS));
    private static final MethodHandle DLCLOSE = handle("dlclose", FunctionDescriptor.of(JAVA_INT, ADDRESS));
    private static final MethodHandle DLINFO =
            handle("dlinfo", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS));

    private final MemorySegment handle;
    private boolean closed;

    private DynamicLinker(MemorySegment handle) {
        this.handle = handle;
    }

    private static MethodHandle handle(String function, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(function), descriptor);
    }

    /**
     * Opens a library, by path or by a bare name that the system resolves.
     *
     * @throws NotOpened with the linker's message
     */
    static DynamicLinker open(String pathOrName) throws NotOpened {
        return open(pathOrName, RTLD_LAZY);
    }

    /**
     * The file that this process has already mapped under a bare name. Every later library that needs this name gets this file.
     */
    static Optional<Path> mapped(String name) {
        try (DynamicLinker library = open(name, RTLD_LAZY | RTLD_NOLOAD)) {
            return Optional.of(library.path());
        } catch (NotOpened notMapped) {
            return Optional.empty();
        }
    }

    private static DynamicLinker open(String pathOrName, int flags) throws NotOpened {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment handle = (MemorySegment) DLOPEN.invokeExact(arena.allocateFrom(pathOrName), flags);
            if (handle.address() == 0) {
                throw new NotOpened(string((MemorySegment) DLERROR.invokeExact()));
            }
            return new DynamicLinker(handle);
        } catch (Throwable failure) {
            throw rethrow(failure);
        }
    }

    /** The file of this library that is mapped into the process. */
    Path path() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment out = arena.allocate(ADDRESS);
            int status = (int) DLINFO.invokeExact(handle, RTLD_DI_LINKMAP, out);
            if (status != 0) {
                throw new IllegalStateException("dlinfo: " + string((MemorySegment) DLERROR.invokeExact()));
            }
            // struct link_map { ElfW(Addr) l_addr; char *l_name; ... } of <link.h>
            MemorySegment map = out.get(ADDRESS, 0).reinterpret(2 * ADDRESS.byteSize());
            return Path.of(string(map.get(ADDRESS, ADDRESS.byteSize()))).toAbsolutePath();
        } catch (Throwable failure) {
            throw rethrowUnchecked(failure);
        }
    }

    /** The address of a function in this library or in one that it needs. */
    @Override
    public Optional<MemorySegment> find(String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = (MemorySegment) DLSYM.invokeExact(handle, arena.allocateFrom(name));
            return address.address() == 0 ? Optional.empty() : Optional.of(address);
        } catch (Throwable failure) {
            throw rethrowUnchecked(failure);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            // A failure to unload is harmless: the library stays mapped.
            int ignored = (int) DLCLOSE.invokeExact(handle);
        } catch (Throwable failure) {
            throw rethrowUnchecked(failure);
        }
    }

    private static String string(MemorySegment address) {
        return address.address() == 0
                ? "no reason given"
                : address.reinterpret(Long.MAX_VALUE).getString(0);
    }

    private static RuntimeException rethrow(Throwable failure) throws NotOpened {
        if (failure instanceof NotOpened notOpened) {
            throw notOpened;
        }
        throw rethrowUnchecked(failure);
    }

    private static RuntimeException rethrowUnchecked(Throwable failure) {
        if (failure instanceof Error error) {
            throw error;
        }
        throw failure instanceof RuntimeException unchecked ? unchecked : new IllegalStateException(failure);
    }

    /** The message of {@code dlerror}. */
    static final class NotOpened extends Exception {
        private static final long serialVersionUID = 1L;

        NotOpened(String reason) {
            super(reason);
        }
    }
}
