'use strict';
// Swagger UI is dark by a class of the page, which follows the system, or the choice made in the admin.
{
    const system = matchMedia('(prefers-color-scheme: dark)');
    const follow = () => {
        const {classList, dataset} = document.documentElement;
        classList.toggle('dark-mode', dataset.theme === 'dark' || (dataset.theme !== 'light' && system.matches));
    };
    system.addEventListener('change', follow);
    follow();
}
