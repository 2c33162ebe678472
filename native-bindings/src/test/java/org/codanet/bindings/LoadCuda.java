package org.codanet.bindings;

/** The program of the child JVMs: searches for CUDA's libraries and prints the result. */
final class LoadCuda {
    private LoadCuda() {}

    public static void main(String[] arguments) {
        for (LibrarySearch search : CudaLibraries.search()) {
            System.out.println(search.name()
                    + search.loaded()
                            .map(library -> " loaded " + library.version() + " from " + library.path() + " by "
                                    + library.origin())
                            .orElse(" missing"));
            search.rejected().forEach(each -> System.out.println(search.name() + " rejected " + each));
        }
        System.out.println("install " + CudaLibraries.installCommand());
    }
}
