package org.codanet.cli;

import java.util.Optional;

/** Whether this JVM lets the bindings call native code without a warning. */
final class NativeAccess {
    /** The flag for users who start the JVM themselves. */
    static final String FLAG = "--enable-native-access=org.codanet.bindings";

    private NativeAccess() {}

    /** Whether the flag was given, or its like in a manifest. */
    static boolean enabled() {
        Optional<Module> bindings = ModuleLayer.boot().findModule("org.codanet.bindings");
        return bindings.map(Module::isNativeAccessEnabled)
                .orElseGet(() -> NativeAccess.class.getModule().isNativeAccessEnabled());
    }

    /** One line for a person. */
    static String describe() {
        return enabled() ? "enabled" : "not enabled: start Java with " + FLAG;
    }
}
