"""The command centre's console: TypeScript beside this file, built by ``engine.console.build`` into ``dist``, which the
gateway serves."""
